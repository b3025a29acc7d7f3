-- What is left of a decision when its customer has been erased: neither what was read of them, nor what was said of them or worked out. Which item
-- was shown with which propensity stays.
CREATE FUNCTION "attune_erased_record"("record" TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
  SELECT ("record"::jsonb || jsonb_build_object(
    's', '{"known":false,"source":"erased","attributes":{},"features":{},"segments":[]}'::jsonb,
    'r', ("record"::jsonb -> 'r') || '{"context":{}}'::jsonb,
    'c', '{"source":"unavailable"}'::jsonb,
    'a', ("record"::jsonb -> 'a') || '{"reasoning":"The customer has been erased","confidence":0}'::jsonb
  ))::text
$$;

-- Adds decisions to the live log; those of customers who have been erased as what is left of them. "hashes" are those of "customers", in their
-- order, each empty where no customer of the tenant has been erased, or all null; SQLSTATE AT001 asks for them. Erasure holds the tenant's lock alone
-- from before it looks for decisions until its commit: who comes later sees the hash, since each statement here looks anew.
CREATE FUNCTION "attune_append_decisions"(
  "tenants" TEXT[], "ids" UUID[], "times" FLOAT8[], "customers" TEXT[], "placements" TEXT[], "items" TEXT[], "propensities" FLOAT8[], "levels" TEXT[],
  "versions" BIGINT[], "records" TEXT[], "hashes" TEXT[], "is_again" BOOLEAN
) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(it."tenant", 2)) FROM (SELECT DISTINCT unnest("tenants") AS "tenant" ORDER BY 1) AS it;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT all_of."tenant" FROM unnest("tenants", "hashes") AS all_of("tenant", "hash") WHERE COALESCE(all_of."hash", '') = '') AS it
    WHERE EXISTS (SELECT FROM "erased_ids" e WHERE e."tenant_id" = it."tenant")
  ) THEN
    RAISE EXCEPTION 'The hashes of the ids are needed' USING ERRCODE = 'AT001';
  END IF;
  EXECUTE
    'INSERT INTO "decisions" ("tenant_id", "id", "decided_at", "log", "customer_id", "placement_id", "item_id", "propensity", "level", "snapshot_version", "record") '
    || CASE WHEN "hashes" IS NULL
      THEN 'SELECT tenant, id, to_timestamp(ms / 1000), ''live'', customer, placement, NULLIF(item, ''''), propensity, level, version, record '
      ELSE 'SELECT tenant, it.id, to_timestamp(ms / 1000), CASE WHEN e.hash IS NULL THEN ''live'' ELSE ''erased'' END, COALESCE(''erased:'' || e.erasure_id, customer), '
        'placement, NULLIF(item, ''''), propensity, level, version, CASE WHEN e.hash IS NULL THEN record ELSE attune_erased_record(record) END '
      END
    || 'FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS it(tenant, id, ms, customer, placement, item, propensity, level, version, record, hash) '
    || CASE WHEN "hashes" IS NULL THEN '' ELSE 'LEFT JOIN "erased_ids" e ON e.tenant_id = it.tenant AND e.hash = it.hash ' END
    || CASE WHEN "is_again" THEN 'ON CONFLICT DO NOTHING' ELSE '' END
    USING "tenants", "ids", "times", "customers", "placements", "items", "propensities", "levels", "versions", "records", "hashes";
END
$$;
