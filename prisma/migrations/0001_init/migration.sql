CREATE TABLE "tenants" (
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "config_version" BIGINT NOT NULL DEFAULT 0,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "api_keys" (
  "id" TEXT NOT NULL,
  "tenant_id" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "secret_hash" BYTEA,
  "signing_secret" BYTEA,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "revoked_at" TIMESTAMPTZ(3),
  CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "api_keys_tenant_id_idx" ON "api_keys" ("tenant_id");

CREATE TABLE "audit_log" (
  "id" BIGSERIAL NOT NULL,
  "tenant_id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "actor" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "details" JSONB NOT NULL DEFAULT '{}',
  CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "audit_log_tenant_id_at_idx" ON "audit_log" ("tenant_id", "at");

CREATE TABLE "definitions" (
  "tenant_id" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "since" BIGINT NOT NULL,
  "until" BIGINT,
  "body" JSONB NOT NULL,
  "changed_by" TEXT NOT NULL,
  "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "definitions_pkey" PRIMARY KEY ("tenant_id", "kind", "id", "since")
);
CREATE INDEX "definitions_tenant_id_until_idx" ON "definitions" ("tenant_id", "until");

CREATE TABLE "model_artifacts" (
  "tenant_id" TEXT NOT NULL,
  "sha256" TEXT NOT NULL,
  "bytes" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "model_artifacts_pkey" PRIMARY KEY ("tenant_id", "sha256")
);

CREATE TABLE "customers" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "attributes" JSONB NOT NULL DEFAULT '{}',
  "version" BIGINT NOT NULL DEFAULT 1,
  "projected_version" BIGINT NOT NULL DEFAULT 0,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "customers_pkey" PRIMARY KEY ("tenant_id", "id")
);

-- Customers whose online record is behind.
CREATE INDEX "customers_unprojected_idx" ON "customers" ("tenant_id") WHERE "projected_version" < "version";

CREATE TABLE "customer_features" (
  "tenant_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "value" JSONB NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "customer_features_pkey" PRIMARY KEY ("tenant_id", "customer_id", "name")
);

CREATE TABLE "segment_members" (
  "tenant_id" TEXT NOT NULL,
  "segment_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "segment_members_pkey" PRIMARY KEY ("tenant_id", "segment_id", "customer_id")
);
CREATE INDEX "segment_members_tenant_id_customer_id_idx" ON "segment_members" ("tenant_id", "customer_id");

CREATE TABLE "event_ids" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "event_ids_pkey" PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "events" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "received_at" TIMESTAMPTZ(3) NOT NULL,
  "customer_id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "properties" JSONB NOT NULL,
  CONSTRAINT "events_pkey" PRIMARY KEY ("tenant_id", "id", "at")
) PARTITION BY RANGE ("at");
CREATE INDEX "events_tenant_id_customer_id_type_at_idx" ON "events" ("tenant_id", "customer_id", "type", "at");

CREATE TABLE "decisions" (
  "tenant_id" TEXT NOT NULL,
  "id" UUID NOT NULL,
  "decided_at" TIMESTAMPTZ(3) NOT NULL,
  "log" TEXT NOT NULL DEFAULT 'live',
  "customer_id" TEXT NOT NULL,
  "placement_id" TEXT NOT NULL,
  "item_id" TEXT,
  "propensity" DOUBLE PRECISION NOT NULL,
  "level" TEXT NOT NULL,
  "snapshot_version" BIGINT NOT NULL,
  "record" TEXT NOT NULL,
  CONSTRAINT "decisions_pkey" PRIMARY KEY ("tenant_id", "id", "decided_at")
) PARTITION BY RANGE ("decided_at");
CREATE INDEX "decisions_tenant_id_log_decided_at_idx" ON "decisions" ("tenant_id", "log", "decided_at");
CREATE INDEX "decisions_tenant_id_customer_id_decided_at_idx" ON "decisions" ("tenant_id", "customer_id", "decided_at");

-- Makes the partition that holds one UTC day, unless it is there. Safe when several processes ask at once.
CREATE FUNCTION "attune_ensure_day"("parent" TEXT, "day" DATE) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  partition_name TEXT := "parent" || to_char("day", '_YYYYMMDD');
BEGIN
  IF to_regclass(quote_ident(partition_name)) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext(partition_name));
    IF to_regclass(quote_ident(partition_name)) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        partition_name, "parent",
        to_char("day", 'YYYY-MM-DD') || ' 00:00:00+00', to_char("day" + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
      );
    END IF;
  END IF;
END
$$;

CREATE TABLE "outcomes" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "decision_id" UUID NOT NULL,
  "kind" TEXT NOT NULL,
  "value" DOUBLE PRECISION,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "learned_at" TIMESTAMPTZ(3),
  CONSTRAINT "outcomes_pkey" PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "outcomes_tenant_id_decision_id_idx" ON "outcomes" ("tenant_id", "decision_id");
-- The learner's queue.
CREATE INDEX "outcomes_unlearned_idx" ON "outcomes" ("tenant_id", "received_at") WHERE "learned_at" IS NULL;

CREATE TABLE "rewards" (
  "tenant_id" TEXT NOT NULL,
  "decision_id" UUID NOT NULL,
  "reward" DOUBLE PRECISION NOT NULL,
  CONSTRAINT "rewards_pkey" PRIMARY KEY ("tenant_id", "decision_id")
);

CREATE TABLE "posteriors" (
  "tenant_id" TEXT NOT NULL,
  "placement_id" TEXT NOT NULL,
  "arm" TEXT NOT NULL,
  "contract" TEXT NOT NULL,
  "version" BIGINT NOT NULL,
  "trials" DOUBLE PRECISION NOT NULL,
  "state" BYTEA NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "posteriors_pkey" PRIMARY KEY ("tenant_id", "placement_id", "arm", "contract")
);
