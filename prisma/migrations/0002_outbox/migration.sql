-- What is made from a customer (dynamic segments, online record, messages) follows after the commit: these say what is still to come.
ALTER TABLE "customers" ADD COLUMN "rules_version" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "customers" ADD COLUMN "unannounced" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
CREATE INDEX "customers_tenant_id_rules_version_idx" ON "customers" ("tenant_id", "rules_version");

-- The configuration version in which the tenant's segments or features last changed; 0 before the first.
CREATE FUNCTION "attune_rules_version"("tenant" TEXT) RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT COALESCE(max(GREATEST("since", "until")), 0) FROM "definitions" WHERE "tenant_id" = "tenant" AND "kind" IN ('feature', 'segment')
$$;

-- Holds the customers' rows until the transaction ends, everybody in the same order, and makes those that are missing. Returns the ids of those it made.
CREATE FUNCTION "attune_lock_customers"("tenant" TEXT, "ids" TEXT[], "made_at" TIMESTAMPTZ) RETURNS SETOF TEXT LANGUAGE plpgsql AS $$
DECLARE
  wanted TEXT[] := ARRAY(SELECT DISTINCT it FROM unnest("ids") AS it ORDER BY it);
  held TEXT[] := ARRAY(SELECT c."id" FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY(wanted) ORDER BY c."id" FOR UPDATE);
BEGIN
  IF cardinality(held) < cardinality(wanted) THEN
    RETURN QUERY
      INSERT INTO "customers" AS c ("tenant_id", "id", "created_at", "updated_at")
      SELECT "tenant", it, "made_at", "made_at" FROM unnest(wanted) AS it WHERE it <> ALL(held) ORDER BY it
      ON CONFLICT DO NOTHING
      RETURNING c."id";
    -- Somebody else may have made one meanwhile.
    PERFORM FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY(wanted) ORDER BY c."id" FOR UPDATE;
  END IF;
END
$$;

-- Gives each of these customers, whose rows are held, its next version, and keeps the names of what changed until they have been announced.
-- "ids" and "names" are parallel; a name is null where nothing that has a name changed.
CREATE FUNCTION "attune_change_customers"("tenant" TEXT, "ids" TEXT[], "names" TEXT[], "changed_at" TIMESTAMPTZ) RETURNS VOID LANGUAGE sql AS $$
  UPDATE "customers" c
  SET "version" = c."version" + 1, "updated_at" = "changed_at",
    "unannounced" = ARRAY(SELECT DISTINCT it FROM unnest(c."unannounced" || changed."names") AS it ORDER BY it)
  FROM (
    SELECT it."id", COALESCE(array_agg(it."name") FILTER (WHERE it."name" IS NOT NULL), '{}') AS "names"
    FROM unnest("ids", "names") AS it("id", "name") GROUP BY it."id"
  ) AS changed
  WHERE c."tenant_id" = "tenant" AND c."id" = changed."id"
$$;
