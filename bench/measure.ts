/** Median of the runs' mean time a call, in microseconds, after warming up. The results are summed so that nothing is optimised away. */
export function microsecondsEach(work: (i: number) => number, { runs = 9, calls = 20_000 } = {}): number {
  let sink = 0;
  for (let i = 0; i < calls; i++) sink += work(i);
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    for (let i = 0; i < calls; i++) sink += work(i);
    return ((performance.now() - started) * 1000) / calls;
  });
  if (Number.isNaN(sink)) throw new Error('The work gave no numbers');
  return median(times);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Of any values, by the nearest rank. @param q in [0, 1] */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, it) => sum + it, 0) / values.length;
}
