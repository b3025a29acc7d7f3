-- Ids are in the order of time, so a log is read by them; each decision's insert has one index less to keep.
DROP INDEX "decisions_tenant_id_log_decided_at_idx";
