-- Whose first column is the tenant is taken, while the planner has no figures of a new tenant yet, to find some of its customers by their ids, and
-- reads all of them. This way round only who asks for versions can use it.
DROP INDEX "customers_tenant_id_rules_version_idx";
CREATE INDEX "customers_rules_version_tenant_id_idx" ON "customers" ("rules_version", "tenant_id");

-- As before, but the customers to mark are found by their keys too.
CREATE OR REPLACE FUNCTION "attune_append_events"(
  "tenant" TEXT, "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ, "hashes" TEXT[]
) RETURNS TABLE ("event" TEXT, "customer" TEXT) LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  fresh TEXT[];
  asked TEXT[];
  hashed TEXT[];
  present TEXT[];
BEGIN
  WITH added AS (
    INSERT INTO "event_ids" ("tenant_id", "id", "at") SELECT "tenant", it."id", it."at" FROM unnest("event_ids", "times") AS it("id", "at")
    ON CONFLICT DO NOTHING RETURNING "id"
  ) SELECT array_agg(added."id") INTO fresh FROM added;
  IF fresh IS NULL THEN
    RETURN;
  END IF;
  SELECT array_agg(it."customer_id"), COALESCE(array_agg(it."hash") FILTER (WHERE it."hash" IS NOT NULL), '{}') INTO asked, hashed FROM (
    SELECT DISTINCT all_of."customer_id", all_of."hash"
    FROM unnest("event_ids", "customer_ids", "hashes") AS all_of("id", "customer_id", "hash") JOIN unnest(fresh) AS added("id") ON added."id" = all_of."id"
  ) AS it;
  -- Only now, and before the events: who merges or erases a customer holds the row, and sees either all of what is written of them or none.
  SELECT array_agg(it."asked"), array_agg(it."customer") INTO asked, present FROM "attune_hold_customers"("tenant", asked, "received", hashed) AS it;
  -- Nothing that has a name changed. Several ids may be of one customer.
  UPDATE "customers" c SET "version" = c."version" + 1, "updated_at" = "received" WHERE c."tenant_id" = "tenant" AND c."id" = ANY(present);
  IF array_position(present, NULL) IS NOT NULL THEN
    RETURN QUERY
      DELETE FROM "event_ids" AS e USING unnest(fresh) AS added("id"), unnest("event_ids", "customer_ids") AS it("id", "customer_id"), unnest(asked, present) AS held("asked", "customer")
      WHERE e."tenant_id" = "tenant" AND e."id" = added."id" AND it."id" = e."id" AND held."asked" = it."customer_id" AND held."customer" IS NULL
      RETURNING e."id", NULL::TEXT;
  END IF;
  RETURN QUERY
    INSERT INTO "events" AS e ("tenant_id", "id", "at", "received_at", "customer_id", "type", "properties")
    SELECT "tenant", it."id", it."at", "received", held."customer", it."type", it."properties"::jsonb
    FROM unnest("event_ids", "times", "customer_ids", "types", string_to_array("properties", E'\n')) AS it("id", "at", "customer_id", "type", "properties")
    JOIN unnest(fresh) AS added("id") ON added."id" = it."id"
    JOIN unnest(asked, present) AS held("asked", "customer") ON held."asked" = it."customer_id" AND held."customer" IS NOT NULL
    RETURNING e."id", e."customer_id";
END
$$;
