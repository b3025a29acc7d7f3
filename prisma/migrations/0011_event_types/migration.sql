-- Events that were not taken, as they were sent, until they are sent again or too old. "hash" tells one that is sent twice from two.
CREATE TABLE "rejected_events" (
  "tenant_id" TEXT NOT NULL,
  "seq" BIGSERIAL NOT NULL,
  "hash" BYTEA NOT NULL,
  "received_at" TIMESTAMPTZ(3) NOT NULL,
  "event_id" TEXT,
  "customer_id" TEXT,
  "type" TEXT,
  "pointer" TEXT NOT NULL,
  "expected" TEXT NOT NULL,
  "got" TEXT NOT NULL,
  "body" TEXT NOT NULL,
  CONSTRAINT "rejected_events_pkey" PRIMARY KEY ("tenant_id", "seq")
);
CREATE UNIQUE INDEX "rejected_events_tenant_id_hash_key" ON "rejected_events" ("tenant_id", "hash");

-- What events in learn mode were seen to have: names and kinds of their properties, never a value.
CREATE TABLE "learned_properties" (
  "tenant_id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "property" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  CONSTRAINT "learned_properties_pkey" PRIMARY KEY ("tenant_id", "type", "property", "kind")
);
