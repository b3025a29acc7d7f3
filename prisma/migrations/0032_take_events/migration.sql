-- Marks those of the customers who are there as changed, and holds them until the end of the transaction. An index scan comes to them in the order of
-- their ids: who holds one then never waits for who holds another.
CREATE FUNCTION "attune_mark_customers"("tenant" TEXT, "ids" TEXT[], "changed_at" TIMESTAMPTZ) RETURNS TEXT[]
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  marked TEXT[];
BEGIN
  WITH changed AS (
    UPDATE "customers" c SET "version" = c."version" + 1, "updated_at" = "changed_at" WHERE c."tenant_id" = "tenant" AND c."id" = ANY("ids") RETURNING c."id"
  ) SELECT COALESCE(array_agg(changed."id"), '{}') INTO marked FROM changed;
  RETURN marked;
END
$$;

-- Takes those events whose ids are "fresh", in this transaction, with customers who may be new, merged or erased.
CREATE FUNCTION "attune_append_fresh_events"(
  "tenant" TEXT, "fresh" TEXT[], "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ,
  "hashes" TEXT[], OUT "erased" TEXT[], OUT "customers" TEXT[]
) LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  asked TEXT[];
  hashed TEXT[];
  present TEXT[];
BEGIN
  SELECT array_agg(it."customer_id"), COALESCE(array_agg(it."hash") FILTER (WHERE it."hash" IS NOT NULL), '{}') INTO asked, hashed FROM (
    SELECT DISTINCT all_of."customer_id", all_of."hash"
    FROM unnest("event_ids", "customer_ids", "hashes") AS all_of("id", "customer_id", "hash") JOIN unnest("fresh") AS added("id") ON added."id" = all_of."id"
  ) AS it;
  SELECT array_agg(it."asked"), array_agg(it."customer") INTO asked, present FROM "attune_hold_customers"("tenant", asked, "received", hashed) AS it;
  "customers" := "attune_mark_customers"("tenant", present, "received");
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
-- Adds those of these events that are new to the log, and marks their customers, who come into being where they are not there. The ids are distinct and
-- everybody gives them in the same order; "properties" has a line of JSON for each event. Returns one row: the ids of events that were there before,
-- those of events of erased customers, of whom nothing is kept, and the present ids of the customers.
CREATE FUNCTION "attune_append_events"(
  "tenant" TEXT, "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ, "hashes" TEXT[],
  OUT "duplicates" TEXT[], OUT "erased" TEXT[], OUT "customers" TEXT[]
) LANGUAGE plpgsql AS $$
DECLARE
  added BIGINT;
  fresh TEXT[];
  asked TEXT[];
BEGIN
  "duplicates" := '{}';
  "erased" := '{}';
  "customers" := '{}';
  INSERT INTO "event_ids" ("tenant_id", "id", "at") SELECT "tenant", it."id", it."at" FROM unnest("event_ids", "times") AS it("id", "at") ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added < cardinality("event_ids") THEN
    fresh := ARRAY(SELECT e."id" FROM "event_ids" e WHERE e."tenant_id" = "tenant" AND e."id" = ANY("event_ids") AND e.xmin = pg_current_xact_id()::xid);
    "duplicates" := ARRAY(SELECT unnest("event_ids") EXCEPT SELECT unnest(fresh));
    IF added > 0 THEN
      SELECT it."erased", it."customers" INTO "erased", "customers"
      FROM "attune_append_fresh_events"("tenant", fresh, "event_ids", "times", "customer_ids", "types", "properties", "received", "hashes") AS it;
    END IF;
    RETURN;
  END IF;
  -- Only now, and before the events: who merges or erases a customer holds the row, and sees either all of what is written of them or none.
  asked := ARRAY(SELECT DISTINCT it FROM unnest("customer_ids") AS it);
  IF NOT EXISTS (SELECT FROM "customer_aliases" a WHERE a."tenant_id" = "tenant" AND a."alias" = ANY(asked)) THEN
    "customers" := "attune_mark_customers"("tenant", asked, "received");
  END IF;
  IF cardinality("customers") < cardinality(asked) THEN
    SELECT it."erased", it."customers" INTO "erased", "customers"
    FROM "attune_append_fresh_events"("tenant", "event_ids", "event_ids", "times", "customer_ids", "types", "properties", "received", "hashes") AS it;
    RETURN;
  END IF;
  INSERT INTO "events" ("tenant_id", "id", "at", "received_at", "customer_id", "type", "properties")
  SELECT "tenant", it."id", it."at", "received", it."customer_id", it."type", it."properties"::jsonb
  FROM unnest("event_ids", "times", "customer_ids", "types", string_to_array("properties", E'\n')) AS it("id", "at", "customer_id", "type", "properties");
END
$$;

-- Notes that customers have been projected at these versions, and by segments as new as "rules". What has changed since stays to be announced. Returns
-- the ids of those who are no longer there. In the order of the ids, as above.
CREATE FUNCTION "attune_settle_customers"("tenant" TEXT, "ids" TEXT[], "versions" BIGINT[], "rules" BIGINT) RETURNS TEXT[]
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  untouched TEXT[];
BEGIN
  WITH settled AS (
    UPDATE "customers" c SET "projected_version" = GREATEST(c."projected_version", it."version"), "rules_version" = GREATEST(c."rules_version", "rules"),
      "unannounced" = CASE
        WHEN c."unannounced" = '{}' THEN c."unannounced"
        ELSE ARRAY(SELECT change FROM unnest(c."unannounced") AS change WHERE split_part(change, ' ', 1)::bigint > it."version")
      END
    FROM unnest("ids", "versions") AS it("id", "version")
    WHERE c."tenant_id" = "tenant" AND c."id" = ANY("ids") AND it."id" = c."id" AND (c."projected_version" < it."version" OR c."rules_version" < "rules")
    RETURNING c."id"
  ) SELECT array_agg(it."id") INTO untouched FROM (SELECT unnest("ids") EXCEPT SELECT settled."id" FROM settled) AS it("id");
  RETURN ARRAY(
    SELECT it FROM unnest(untouched) AS it
    WHERE NOT EXISTS (SELECT FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = it)
      AND NOT EXISTS (SELECT FROM "customer_aliases" a WHERE a."tenant_id" = "tenant" AND a."alias" = it)
  );
END
$$;
