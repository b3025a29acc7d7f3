-- A member of a list that is kept by hand may leave it by time alone.
ALTER TABLE "segment_members" ADD COLUMN "expires_at" TIMESTAMPTZ(3);

-- How many members each segment has, as sums: one row for each statement that changed some, so that nobody waits for a counter; summed up now and then.
CREATE TABLE "segment_counts" (
  "id" BIGSERIAL NOT NULL,
  "tenant_id" TEXT NOT NULL,
  "segment_id" TEXT NOT NULL,
  "members" BIGINT NOT NULL,
  CONSTRAINT "segment_counts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "segment_counts_tenant_id_segment_id_idx" ON "segment_counts" ("tenant_id", "segment_id");
INSERT INTO "segment_counts" ("tenant_id", "segment_id", "members") SELECT "tenant_id", "segment_id", count(*) FROM "segment_members" GROUP BY 1, 2;

CREATE FUNCTION "attune_count_members"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "segment_counts" ("tenant_id", "segment_id", "members")
  SELECT "tenant_id", "segment_id", CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY 1, 2;
  RETURN NULL;
END
$$;
CREATE TRIGGER "segment_members_entered" AFTER INSERT ON "segment_members" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "attune_count_members"();
CREATE TRIGGER "segment_members_left" AFTER DELETE ON "segment_members" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "attune_count_members"();

-- When a segment's condition may next have another answer for the customer by time alone.
ALTER TABLE "customers" ADD COLUMN "segments_due_at" TIMESTAMPTZ(3);

-- Version that the search index has. Customers whose document is behind:
ALTER TABLE "customers" ADD COLUMN "indexed_version" BIGINT NOT NULL DEFAULT 0;
CREATE INDEX "customers_unindexed_idx" ON "customers" ("tenant_id") WHERE "indexed_version" < "projected_version";

-- Tenants whose customers a search index holds.
CREATE TABLE "search_indexes" (
  "tenant_id" TEXT NOT NULL,
  "built_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "search_indexes_pkey" PRIMARY KEY ("tenant_id")
);

-- Customers that are gone, until their documents are as well.
CREATE TABLE "unindexed_removals" (
  "tenant_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "version" BIGINT NOT NULL,
  CONSTRAINT "unindexed_removals_pkey" PRIMARY KEY ("tenant_id", "customer_id")
);
CREATE FUNCTION "attune_keep_removals"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "unindexed_removals" ("tenant_id", "customer_id", "version")
  SELECT it."tenant_id", it."id", it."version" FROM removed it JOIN "search_indexes" USING ("tenant_id")
  ON CONFLICT ("tenant_id", "customer_id") DO UPDATE SET "version" = GREATEST("unindexed_removals"."version", EXCLUDED."version");
  RETURN NULL;
END
$$;
CREATE TRIGGER "customers_removed" AFTER DELETE ON "customers" REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION "attune_keep_removals"();
