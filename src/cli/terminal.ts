import { SingleBar } from 'cli-progress';

/** What a command writes to. Answers go to `out`, everything else to `err`, so that answers can be piped. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Where a progress bar may be drawn: a terminal that a person looks at; undefined elsewhere. */
  readonly screen?: NodeJS.WritableStream | undefined;
}

export interface Progress {
  readonly advance: (by: number) => void;
  readonly end: () => void;
}

/** A bar where somebody looks, and nothing elsewhere. */
export function progress({ screen }: Terminal, label: string, total: number, unit = 'KB'): Progress {
  if (screen === undefined) return { advance: () => undefined, end: () => undefined };
  const bar = new SingleBar({ format: `${label} {bar} {percentage}% {value}/{total} {unit}`, stream: screen, hideCursor: true, clearOnComplete: false });
  bar.start(total, 0, { unit });
  return {
    advance: by => { bar.increment(by); },
    end: () => { bar.stop(); },
  };
}

/** Kilobytes that have come, of a total that nobody knows. */
export function activity({ screen }: Terminal, label: string): Progress {
  if (screen === undefined) return { advance: () => undefined, end: () => undefined };
  const bar = new SingleBar({ format: `${label} {value} KB in {duration_formatted}`, stream: screen, hideCursor: true });
  bar.start(0, 0);
  return {
    advance: by => { bar.increment(by); },
    end: () => { bar.stop(); },
  };
}

/** Lines of left-aligned columns. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => { widths[i] = Math.max(widths[i] ?? 0, cell.length); });
  return rows.map(row => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
}
