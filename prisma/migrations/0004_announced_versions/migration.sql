-- As before, but each name is kept with the newest version in which it changed ("7 FEATURE score"): what has been announced of one version
-- can be struck out also where the customer has changed again.
CREATE OR REPLACE FUNCTION "attune_change_customers"("tenant" TEXT, "ids" TEXT[], "names" TEXT[], "changed_at" TIMESTAMPTZ) RETURNS VOID LANGUAGE sql AS $$
  UPDATE "customers" c
  SET "version" = c."version" + 1, "updated_at" = "changed_at",
    "unannounced" = ARRAY(
      SELECT it FROM unnest(c."unannounced") AS it WHERE substr(it, strpos(it, ' ') + 1) <> ALL(changed."names")
      UNION ALL
      SELECT (c."version" + 1) || ' ' || it FROM unnest(changed."names") AS it
    )
  FROM (
    SELECT it."id", COALESCE(array_agg(DISTINCT it."name") FILTER (WHERE it."name" IS NOT NULL), '{}') AS "names"
    FROM unnest("ids", "names") AS it("id", "name") GROUP BY it."id"
  ) AS changed
  WHERE c."tenant_id" = "tenant" AND c."id" = changed."id"
$$;
