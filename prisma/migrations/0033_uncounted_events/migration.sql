-- Ids of events differ in their first characters, tenants do not: this way round the search compares one column instead of two.
ALTER TABLE "event_ids" DROP CONSTRAINT "event_ids_pkey", ADD CONSTRAINT "event_ids_pkey" PRIMARY KEY ("id", "tenant_id");

-- Holds those of the customers who are there until the end of the transaction, in the order of their ids, and marks as changed those of them who are
-- "counted", whom nothing has changed since "unchanged_since", or all where the configuration says something newer than "rules" of what is counted.
-- Whoever works a customer out anew by such a configuration waits for the row, and then sees what this transaction has written.
CREATE FUNCTION "attune_touch_customers"(
  "tenant" TEXT, "ids" TEXT[], "counted" TEXT[], "rules" BIGINT, "unchanged_since" TIMESTAMPTZ, "changed_at" TIMESTAMPTZ, OUT "held" TEXT[], OUT "marked" TEXT[]
) LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  SELECT COALESCE(array_agg(it."id"), '{}'), COALESCE(array_agg(it."id") FILTER (WHERE it."updated_at" <= "unchanged_since"), '{}') INTO "held", "marked"
  FROM (SELECT c."id", c."updated_at" FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY("ids") ORDER BY c."id" FOR NO KEY UPDATE) AS it;
  IF "attune_rules_version"("tenant") > "rules" THEN
    "marked" := "held";
  ELSIF cardinality("counted") > 0 THEN
    "marked" := ARRAY(SELECT unnest("marked") UNION (SELECT unnest("held") INTERSECT SELECT unnest("counted")));
  END IF;
  IF cardinality("marked") > 0 THEN
    "marked" := "attune_mark_customers"("tenant", "marked", "changed_at");
  END IF;
END
$$;

DROP FUNCTION "attune_append_fresh_events";
-- Takes those events whose ids are "fresh", in this transaction, with customers who may be new, merged or erased.
CREATE FUNCTION "attune_append_fresh_events"(
  "tenant" TEXT, "fresh" TEXT[], "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ,
  "hashes" TEXT[], "counted" TEXT[], "rules" BIGINT, "unchanged_since" TIMESTAMPTZ, OUT "erased" TEXT[], OUT "customers" TEXT[]
) LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  asked TEXT[];
  hashed TEXT[];
  present TEXT[];
  touched TEXT[];
BEGIN
  SELECT array_agg(it."customer_id"), COALESCE(array_agg(it."hash") FILTER (WHERE it."hash" IS NOT NULL), '{}') INTO asked, hashed FROM (
    SELECT DISTINCT all_of."customer_id", all_of."hash"
    FROM unnest("event_ids", "customer_ids", "hashes") AS all_of("id", "customer_id", "hash") JOIN unnest("fresh") AS added("id") ON added."id" = all_of."id"
  ) AS it;
  SELECT array_agg(it."asked"), array_agg(it."customer"), COALESCE(array_agg(it."customer") FILTER (WHERE it."made" OR it."asked" = ANY("counted")), '{}')
  INTO asked, present, touched FROM "attune_hold_customers"("tenant", asked, "received", hashed) AS it;
  IF "counted" IS NULL THEN
    "customers" := "attune_mark_customers"("tenant", present, "received");
  ELSE
    SELECT it."marked" INTO "customers" FROM "attune_touch_customers"("tenant", present, touched, "rules", "unchanged_since", "received") AS it;
  END IF;
  WITH refused AS (
    DELETE FROM "event_ids" AS e USING unnest("fresh") AS added("id"), unnest("event_ids", "customer_ids") AS it("id", "customer_id"), unnest(asked, present) AS held("asked", "customer")
    WHERE e."tenant_id" = "tenant" AND e."id" = added."id" AND it."id" = e."id" AND held."asked" = it."customer_id" AND held."customer" IS NULL
    RETURNING e."id"
  ) SELECT COALESCE(array_agg(refused."id"), '{}') INTO "erased" FROM refused;
  INSERT INTO "events" ("tenant_id", "id", "at", "received_at", "customer_id", "type", "properties")
  SELECT "tenant", it."id", it."at", "received", held."customer", it."type", it."properties"::jsonb
  FROM unnest("event_ids", "times", "customer_ids", "types", string_to_array("properties", E'\n')) AS it("id", "at", "customer_id", "type", "properties")
  JOIN unnest("fresh") AS added("id") ON added."id" = it."id"
  JOIN unnest(asked, present) AS held("asked", "customer") ON held."asked" = it."customer_id" AND held."customer" IS NOT NULL;
END
$$;

DROP FUNCTION "attune_append_events";
-- Adds those of these events that are new to the log, and marks customers as changed of whom something is to be worked out anew: new ones, the
-- "counted" ones (null: all), and whom "attune_touch_customers" says. The ids are distinct and everybody gives them in the same order; "properties" has
-- a line of JSON for each event. Returns one row: the ids of events that were there before, those of events of erased customers, of whom nothing is
-- kept, and the present ids of the customers who are marked.
CREATE FUNCTION "attune_append_events"(
  "tenant" TEXT, "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ, "hashes" TEXT[],
  "counted" TEXT[], "rules" BIGINT, "unchanged_since" TIMESTAMPTZ, OUT "duplicates" TEXT[], OUT "erased" TEXT[], OUT "customers" TEXT[]
) LANGUAGE plpgsql AS $$
DECLARE
  added BIGINT;
  fresh TEXT[];
  asked TEXT[];
  held TEXT[] := '{}';
BEGIN
  "duplicates" := '{}';
  "erased" := '{}';
  "customers" := '{}';
  -- Mostly all are new, and looking for each before it is written costs as much again.
  BEGIN
    INSERT INTO "event_ids" ("tenant_id", "id", "at") SELECT "tenant", it."id", it."at" FROM unnest("event_ids", "times") AS it("id", "at");
    GET DIAGNOSTICS added = ROW_COUNT;
  EXCEPTION WHEN unique_violation THEN
    INSERT INTO "event_ids" ("tenant_id", "id", "at") SELECT "tenant", it."id", it."at" FROM unnest("event_ids", "times") AS it("id", "at") ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
  END;
  IF added < cardinality("event_ids") THEN
    fresh := ARRAY(SELECT e."id" FROM "event_ids" e WHERE e."tenant_id" = "tenant" AND e."id" = ANY("event_ids") AND e.xmin = pg_current_xact_id()::xid);
    "duplicates" := ARRAY(SELECT unnest("event_ids") EXCEPT SELECT unnest(fresh));
    IF added > 0 THEN
      SELECT it."erased", it."customers" INTO "erased", "customers"
      FROM "attune_append_fresh_events"("tenant", fresh, "event_ids", "times", "customer_ids", "types", "properties", "received", "hashes", "counted", "rules", "unchanged_since") AS it;
    END IF;
    RETURN;
  END IF;
  -- Only now, and before the events: who merges or erases a customer holds the row, and sees either all of what is written of them or none.
  asked := ARRAY(SELECT DISTINCT it FROM unnest("customer_ids") AS it);
  IF NOT EXISTS (SELECT FROM "customer_aliases" a WHERE a."tenant_id" = "tenant" AND a."alias" = ANY(asked)) THEN
    IF "counted" IS NULL THEN
      "customers" := "attune_mark_customers"("tenant", asked, "received");
      held := "customers";
    ELSE
      SELECT it."held", it."marked" INTO held, "customers" FROM "attune_touch_customers"("tenant", asked, "counted", "rules", "unchanged_since", "received") AS it;
    END IF;
  END IF;
  IF cardinality(held) < cardinality(asked) THEN
    SELECT it."erased", it."customers" INTO "erased", "customers"
    FROM "attune_append_fresh_events"("tenant", "event_ids", "event_ids", "times", "customer_ids", "types", "properties", "received", "hashes",
      CASE WHEN "counted" IS NOT NULL THEN "counted" || "customers" END, "rules", "unchanged_since") AS it;
    RETURN;
  END IF;
  INSERT INTO "events" ("tenant_id", "id", "at", "received_at", "customer_id", "type", "properties")
  SELECT "tenant", it."id", it."at", "received", it."customer_id", it."type", it."properties"::jsonb
  FROM unnest("event_ids", "times", "customer_ids", "types", string_to_array("properties", E'\n')) AS it("id", "at", "customer_id", "type", "properties");
END
$$;
