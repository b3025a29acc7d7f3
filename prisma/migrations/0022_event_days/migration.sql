-- Drops the oldest partition of the log of events that lies wholly before a UTC day, one process at a time. Its customers are marked, since counts
-- without a window change; an audit entry of each tenant says how much went. Returns the day, or null where there is none, or somebody else is at it.
CREATE FUNCTION "attune_drop_event_day"("before" DATE) RETURNS DATE LANGUAGE plpgsql AS $$
DECLARE
  oldest TEXT;
  oldest_day DATE;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('attune drop event day')) THEN
    RETURN NULL;
  END IF;
  SELECT c.relname, to_date(substring(c.relname FROM 'events_(\d{8})$'), 'YYYYMMDD') INTO oldest, oldest_day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'events'::regclass AND c.relname ~ '^events_\d{8}$' ORDER BY c.relname LIMIT 1;
  IF oldest_day IS NULL OR oldest_day >= "before" THEN
    RETURN NULL;
  END IF;
  EXECUTE format(
    'INSERT INTO audit_log (tenant_id, actor, action, subject, details)
     SELECT tenant_id, ''retention'', ''remove'', ''events/'' || %L, jsonb_build_object(''events'', count(*)) FROM %I GROUP BY tenant_id', oldest_day, oldest);
  EXECUTE format(
    'WITH touched AS (
       SELECT c.tenant_id, c.id FROM customers c
       WHERE EXISTS (SELECT FROM %I e WHERE e.tenant_id = c.tenant_id AND e.customer_id = c.id) ORDER BY c.tenant_id, c.id FOR UPDATE
     )
     UPDATE customers c SET version = c.version + 1, updated_at = now() FROM touched WHERE c.tenant_id = touched.tenant_id AND c.id = touched.id', oldest);
  EXECUTE format('DROP TABLE %I', oldest);
  RETURN oldest_day;
END
$$;
