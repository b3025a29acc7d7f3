const pattern = /^(\d{4})-(\d{2})-(\d{2})(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/**
 * Epoch milliseconds of an ISO-8601 date (its midnight in UTC), or of a date and time with its zone; undefined for any other text.
 * A time without a zone is refused: what it means would depend on the machine that reads it.
 */
export function isoTimeMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const time = month < 1 || month > 12 || day < 1 || day > daysOf(year, month) ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Date.parse takes 30 February for 2 March. */
function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
