-- As before, but nobody who has been erased comes into being again. "hashes" are those of "ids", in their order, or none where no customer of
-- the tenant has been erased; SQLSTATE AT001 asks for them. "customer" is null for who has been erased.
DROP FUNCTION "attune_append_events";
DROP FUNCTION "attune_hold_customers";

CREATE FUNCTION "attune_hold_customers"("tenant" TEXT, "ids" TEXT[], "made_at" TIMESTAMPTZ, "hashes" TEXT[])
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
    -- Merged meanwhile: what was made under an id that is an alias by now goes again.
    DELETE FROM "customers" c WHERE c."tenant_id" = "tenant" AND c."id" = ANY(created)
      AND EXISTS (SELECT FROM "customer_aliases" a WHERE a."tenant_id" = "tenant" AND a."alias" = c."id");
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

-- Adds those of these events that are new to the log, and marks their customers, who come into being where they are not there. The ids are
-- distinct and everybody gives them in the same order; "properties" has a line of JSON for each event. "hashes" are those of "customer_ids",
-- or none; see attune_hold_customers. Returns the events that were new, by the customers' present ids; by null those of whom nothing is taken.
CREATE FUNCTION "attune_append_events"(
  "tenant" TEXT, "event_ids" TEXT[], "times" TIMESTAMPTZ[], "customer_ids" TEXT[], "types" TEXT[], "properties" TEXT, "received" TIMESTAMPTZ, "hashes" TEXT[]
) RETURNS TABLE ("event" TEXT, "customer" TEXT) LANGUAGE plpgsql AS $$
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
    SELECT DISTINCT all_of."customer_id", all_of."hash" FROM unnest("event_ids", "customer_ids", "hashes") AS all_of("id", "customer_id", "hash") WHERE all_of."id" = ANY(fresh)
  ) AS it;
  -- Only now, and before the events: who merges or erases a customer holds the row, and sees either all of what is written of them or none.
  SELECT array_agg(it."asked"), array_agg(it."customer") INTO asked, present FROM "attune_hold_customers"("tenant", asked, "received", hashed) AS it;
  PERFORM "attune_change_customers"("tenant", ARRAY(SELECT it FROM unnest(present) AS it WHERE it IS NOT NULL), array_fill(NULL::TEXT, ARRAY[cardinality(array_remove(present, NULL))]), "received");
  IF array_position(present, NULL) IS NOT NULL THEN
    RETURN QUERY
      DELETE FROM "event_ids" AS e USING unnest("event_ids", "customer_ids") AS it("id", "customer_id"), unnest(asked, present) AS held("asked", "customer")
      WHERE e."tenant_id" = "tenant" AND e."id" = ANY(fresh) AND it."id" = e."id" AND held."asked" = it."customer_id" AND held."customer" IS NULL
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
