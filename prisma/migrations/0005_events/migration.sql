-- When time alone will change something that is made from the customer: see src/segments/projection.postgres.ts.
ALTER TABLE "customers" ADD COLUMN "due_at" TIMESTAMPTZ(3);
CREATE INDEX "customers_due_at_idx" ON "customers" ("due_at") WHERE "due_at" IS NOT NULL;

-- Adds those of these events that are new to the log, and marks their customers, who come into being where they are not there. The ids are
-- distinct and everybody gives them in the same order; "properties" has a line of JSON for each event. Returns the events that were new, by the customers' present ids.
CREATE FUNCTION "attune_append_events"(
  "tenant" TEXT, "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ
) RETURNS TABLE ("event" TEXT, "customer" TEXT) LANGUAGE plpgsql AS $$
DECLARE
  fresh TEXT[];
  asked TEXT[];
  present TEXT[];
BEGIN
  WITH added AS (
    INSERT INTO "event_ids" ("tenant_id", "id", "at") SELECT "tenant", it."id", it."at" FROM unnest("event_ids", "times") AS it("id", "at")
    ON CONFLICT DO NOTHING RETURNING "id"
  ) SELECT array_agg(added."id") INTO fresh FROM added;
  IF fresh IS NULL THEN
    RETURN;
  END IF;
  -- Only now, and before the events: who merges or erases a customer holds the row, and sees either all of what is written of them or none.
  SELECT array_agg(it."asked"), array_agg(it."customer") INTO asked, present FROM "attune_hold_customers"("tenant", ARRAY(
    SELECT DISTINCT it."customer_id" FROM unnest("event_ids", "customer_ids") AS it("id", "customer_id") WHERE it."id" = ANY(fresh)
  ), "received") AS it;
  PERFORM "attune_change_customers"("tenant", present, array_fill(NULL::TEXT, ARRAY[cardinality(present)]), "received");
  RETURN QUERY
    INSERT INTO "events" AS e ("tenant_id", "id", "at", "received_at", "customer_id", "type", "properties")
    SELECT "tenant", it."id", it."at", "received", held."customer", it."type", it."properties"::jsonb
    FROM unnest("event_ids", "times", "customer_ids", "types", string_to_array("properties", E'\n')) AS it("id", "at", "customer_id", "type", "properties")
    JOIN unnest(fresh) AS added("id") ON added."id" = it."id"
    JOIN unnest(asked, present) AS held("asked", "customer") ON held."asked" = it."customer_id"
    RETURNING e."id", e."customer_id";
END
$$;
