-- By which version of its definition each value was computed.
ALTER TABLE "customer_features" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;

-- Each change of a value, numbered from 1 by customer and name; a null is where it went missing. The newest are kept, and the last of each version.
CREATE TABLE "feature_history" (
  "tenant_id" TEXT NOT NULL,
  "customer_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "seq" BIGINT NOT NULL,
  "version" INTEGER NOT NULL,
  "value" JSONB,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "recorded_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "feature_history_pkey" PRIMARY KEY ("tenant_id", "customer_id", "name", "seq")
);
INSERT INTO "feature_history" SELECT "tenant_id", "customer_id", "name", 1, 1, "value", "at", "at" FROM "customer_features" WHERE "name" NOT LIKE 'did:%';

-- What a candidate gives beside what is live, both at one time; a null is a missing value.
CREATE TABLE "feature_shadow_values" (
  "tenant_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "customer_id" TEXT NOT NULL,
  "value" JSONB,
  "live_value" JSONB,
  CONSTRAINT "feature_shadow_values_pkey" PRIMARY KEY ("tenant_id", "name", "version", "customer_id")
);

-- Work over all customers of a tenant, in the order of their ids: a candidate is filled, or set values of an earlier version are put back.
CREATE TABLE "feature_jobs" (
  "tenant_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  "total" INTEGER NOT NULL,
  "done" INTEGER NOT NULL DEFAULT 0,
  "last_id" TEXT,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "finished_at" TIMESTAMPTZ(3),
  CONSTRAINT "feature_jobs_pkey" PRIMARY KEY ("tenant_id", "name", "version", "kind")
);
CREATE INDEX "feature_jobs_unfinished_idx" ON "feature_jobs" ("started_at") WHERE "finished_at" IS NULL;

-- How the values of a feature were distributed at one time, under a name.
CREATE TABLE "feature_baselines" (
  "tenant_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "baseline" TEXT NOT NULL,
  "profile" JSONB NOT NULL,
  "made_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "feature_baselines_pkey" PRIMARY KEY ("tenant_id", "name", "baseline")
);

CREATE TABLE "alerts" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "kind" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "message" TEXT NOT NULL,
  "details" JSONB NOT NULL,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "alerts_pkey" PRIMARY KEY ("tenant_id", "id")
);
-- What lasts is told once.
CREATE UNIQUE INDEX "alerts_open_idx" ON "alerts" ("tenant_id", "kind", "subject") WHERE "ended_at" IS NULL;
