const pattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Epoch milliseconds of an ISO-8601 date (its midnight in UTC), or of a date and time with its zone; undefined for any other text.
 * A time without a zone is refused: what it means would depend on the machine that reads it.
 */
export function isoTimeMs(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
