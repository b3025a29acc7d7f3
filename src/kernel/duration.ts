const pattern = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;

/** Whether `text` is an ISO-8601 duration of weeks, days, hours, minutes and seconds. Months and years have no fixed length and are refused. */
export function isDuration(text: string): boolean {
  return pattern.test(text) && !/[PT]$/.test(text);
}

/** Milliseconds of an ISO-8601 duration for which `isDuration` holds; NaN for any other text. */
export function durationMs(text: string): number {
  const match = isDuration(text) ? pattern.exec(text) : null;
  if (match === null) return Number.NaN;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000;
}
