-- Makes the partition that holds one UTC day, unless it is there. Safe when several processes ask at once: who has waited for the lock
-- may still remember that the partition was not there, so the statement looks again itself.
CREATE OR REPLACE FUNCTION "attune_ensure_day"("parent" TEXT, "day" DATE) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  partition_name TEXT := "parent" || to_char("day", '_YYYYMMDD');
BEGIN
  IF to_regclass(quote_ident(partition_name)) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext(partition_name));
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
      partition_name, "parent",
      to_char("day", 'YYYY-MM-DD') || ' 00:00:00+00', to_char("day" + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
    );
  END IF;
END
$$;
