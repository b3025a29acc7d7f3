-- As before, but who waits by a former id while the customer is erased does not leave a row behind under the present one, which whoever comes later
-- by that id would have taken for a customer's.
CREATE OR REPLACE FUNCTION "attune_hold_customers"("tenant" TEXT, "ids" TEXT[], "made_at" TIMESTAMPTZ, "hashes" TEXT[])
RETURNS TABLE ("asked" TEXT, "customer" TEXT, "made" BOOLEAN) LANGUAGE plpgsql AS $$
DECLARE
  wanted TEXT[];
  seen TEXT[];
  created TEXT[] := '{}';
  erased TEXT[] := '{}';
BEGIN
  LOOP
    SELECT array_agg(DISTINCT COALESCE(a."customer_id", it)) INTO wanted
    FROM unnest("ids") AS it LEFT JOIN "customer_aliases" a ON a."tenant_id" = "tenant" AND a."alias" = it;
    created := created || ARRAY(SELECT "attune_lock_customers"("tenant", COALESCE(wanted, '{}'), "made_at"));
    SELECT array_agg(DISTINCT COALESCE(a."customer_id", it)) INTO seen
    FROM unnest("ids") AS it LEFT JOIN "customer_aliases" a ON a."tenant_id" = "tenant" AND a."alias" = it;
    EXIT WHEN seen IS NOT DISTINCT FROM wanted;
    -- Merged or erased meanwhile: what was made under an id that nobody asks for by now goes again.
    DELETE FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY(created) AND c."id" <> ALL(COALESCE(seen, '{}'));
    created := ARRAY(SELECT it FROM unnest(created) AS it WHERE it = ANY(seen));
  END LOOP;
  -- Only who was not there can have been erased. Erasure holds the row while it writes the hash, so whoever makes the row sees it.
  IF cardinality(created) > 0 AND EXISTS (SELECT FROM "erased_ids" e WHERE e."tenant_id" = "tenant") THEN
    IF cardinality("hashes") < cardinality("ids") THEN
      RAISE EXCEPTION 'The hashes of the ids are needed' USING ERRCODE = 'AT001';
    END IF;
    erased := ARRAY(
      SELECT it."id" FROM unnest("ids", "hashes") AS it("id", "hash") JOIN "erased_ids" e ON e."tenant_id" = "tenant" AND e."hash" = it."hash"
      WHERE it."id" = ANY(created)
    );
    DELETE FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY(erased);
  END IF;
  RETURN QUERY
    SELECT it."id", CASE WHEN it."id" <> ALL(erased) THEN COALESCE(a."customer_id", it."id") END, COALESCE(a."customer_id", it."id") = ANY(created) AND it."id" <> ALL(erased)
    FROM unnest("ids") AS it("id") LEFT JOIN "customer_aliases" a ON a."tenant_id" = "tenant" AND a."alias" = it."id";
END
$$;

-- As before, but of rows that were made and are gone before anything was made from them, as those of erased customers, no index has a document.
CREATE OR REPLACE FUNCTION "attune_keep_removals"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "unindexed_removals" ("tenant_id", "customer_id", "version")
  SELECT it."tenant_id", it."id", it."version" FROM removed it JOIN "search_indexes" USING ("tenant_id") WHERE it."projected_version" > 0
  ON CONFLICT ("tenant_id", "customer_id") DO UPDATE SET "version" = GREATEST("unindexed_removals"."version", EXCLUDED."version");
  RETURN NULL;
END
$$;
