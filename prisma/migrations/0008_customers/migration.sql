-- Each attribute has the time of the fact it states, in epoch milliseconds; a name with a time and no value was removed then.
-- Personal attributes: "attributes" has the blind index, "sealed" the value, encrypted under the customer's key.
ALTER TABLE "customers" ADD COLUMN "attribute_times" JSONB NOT NULL DEFAULT '{}';
ALTER TABLE "customers" ADD COLUMN "sealed" JSONB NOT NULL DEFAULT '{}';
-- What holds of "customer_consents", by purpose: {"granted": true, "until": epoch milliseconds}.
ALTER TABLE "customers" ADD COLUMN "consents" JSONB NOT NULL DEFAULT '{}';
-- What experiments assign by; null is the id. A merge keeps that of who was decided for first.
ALTER TABLE "customers" ADD COLUMN "unit" TEXT;

-- All that was ever said about consent. Rows are added, and follow a merge; nothing else changes them, and only erasure removes them.
CREATE TABLE "customer_consents" (
  "tenant_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "seq" BIGSERIAL NOT NULL,
  "purpose" TEXT NOT NULL,
  "granted" BOOLEAN NOT NULL,
  "until" TIMESTAMPTZ(3),
  "at" TIMESTAMPTZ(3) NOT NULL,
  "source" TEXT NOT NULL,
  "said_by" TEXT NOT NULL,
  "recorded_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "customer_consents_pkey" PRIMARY KEY ("tenant_id", "customer_id", "seq")
);

-- Ids that a customer had before merges.
CREATE TABLE "customer_aliases" (
  "tenant_id" TEXT NOT NULL,
  "alias" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  CONSTRAINT "customer_aliases_pkey" PRIMARY KEY ("tenant_id", "alias")
);
CREATE INDEX "customer_aliases_tenant_id_customer_id_idx" ON "customer_aliases" ("tenant_id", "customer_id");

-- What was asked for, by the ids of then: which id a merged customer goes by follows from all of it, in whatever order it came.
CREATE TABLE "customer_merges" (
  "tenant_id" TEXT NOT NULL,
  "from_id" TEXT NOT NULL,
  "into_id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "customer_merges_pkey" PRIMARY KEY ("tenant_id", "from_id", "into_id")
);

-- "blind" is an HMAC of the value, which is sealed under the customer's key.
CREATE TABLE "customer_identities" (
  "tenant_id" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "blind" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "sealed" TEXT NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "customer_identities_pkey" PRIMARY KEY ("tenant_id", "kind", "blind")
);
CREATE INDEX "customer_identities_tenant_id_customer_id_idx" ON "customer_identities" ("tenant_id", "customer_id");

-- Data keys, each wrapped by the master key that is named. Without its key, what is sealed of a customer is noise.
CREATE TABLE "customer_keys" (
  "tenant_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "master_key" TEXT NOT NULL,
  "wrapped" TEXT NOT NULL,
  CONSTRAINT "customer_keys_pkey" PRIMARY KEY ("tenant_id", "customer_id")
);
CREATE INDEX "customer_keys_master_key_idx" ON "customer_keys" ("master_key");

CREATE TABLE "tenant_keys" (
  "tenant_id" TEXT NOT NULL,
  "master_key" TEXT NOT NULL,
  "wrapped" TEXT NOT NULL,
  CONSTRAINT "tenant_keys_pkey" PRIMARY KEY ("tenant_id")
);

-- HMACs of ids that nothing may be taken about any more.
CREATE TABLE "erased_ids" (
  "tenant_id" TEXT NOT NULL,
  "hash" TEXT NOT NULL,
  "erasure_id" TEXT NOT NULL,
  CONSTRAINT "erased_ids_pkey" PRIMARY KEY ("tenant_id", "hash")
);
CREATE INDEX "erased_ids_tenant_id_erasure_id_idx" ON "erased_ids" ("tenant_id", "erasure_id");

-- What was removed by each erasure, in numbers, and the MAC that makes a receipt of it.
CREATE TABLE "erasures" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "actor" TEXT NOT NULL,
  "removed" JSONB NOT NULL,
  "mac" TEXT NOT NULL,
  CONSTRAINT "erasures_pkey" PRIMARY KEY ("tenant_id", "id")
);

-- Purposes of attributes and event types decide what segments may be used for, and personal attributes what they compare.
CREATE OR REPLACE FUNCTION "attune_rules_version"("tenant" TEXT) RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT COALESCE(max(GREATEST("since", "until")), 0) FROM "definitions" WHERE "tenant_id" = "tenant" AND "kind" IN ('feature', 'segment', 'attribute')
$$;

-- Holds the rows of these customers until the transaction ends, everybody in the same order, by whatever id they are asked for, and makes those
-- that are missing. Who waited for a merge finds the customer by the id that it has now.
CREATE FUNCTION "attune_hold_customers"("tenant" TEXT, "ids" TEXT[], "made_at" TIMESTAMPTZ)
RETURNS TABLE ("asked" TEXT, "customer" TEXT, "made" BOOLEAN) LANGUAGE plpgsql AS $$
DECLARE
  wanted TEXT[];
  seen TEXT[];
  created TEXT[] := '{}';
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
  RETURN QUERY
    SELECT it, COALESCE(a."customer_id", it), COALESCE(a."customer_id", it) = ANY(created)
    FROM unnest("ids") AS it LEFT JOIN "customer_aliases" a ON a."tenant_id" = "tenant" AND a."alias" = it;
END
$$;
