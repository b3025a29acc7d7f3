-- Recounts of all customers of a tenant, with how far they have come.
CREATE TABLE "recomputes" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "total" INTEGER NOT NULL DEFAULT 0,
  "done" INTEGER NOT NULL DEFAULT 0,
  "changed" INTEGER NOT NULL DEFAULT 0,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "progressed_at" TIMESTAMPTZ(3) NOT NULL,
  "finished_at" TIMESTAMPTZ(3),
  "failure" TEXT,
  CONSTRAINT "recomputes_pkey" PRIMARY KEY ("tenant_id", "id")
);
