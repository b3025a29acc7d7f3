-- The configuration version in which what has to be worked out for each customer last changed: segments, features, attributes, and the behaviours
-- that rules and experiments ask for; 0 before the first.
CREATE OR REPLACE FUNCTION "attune_rules_version"("tenant" TEXT) RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT COALESCE(max(GREATEST("since", "until")), 0) FROM "definitions"
  WHERE "tenant_id" = "tenant" AND ("kind" IN ('feature', 'segment', 'attribute') OR ("kind" IN ('ruleSet', 'experiment') AND "body" @? '$.**.did'))
$$;
