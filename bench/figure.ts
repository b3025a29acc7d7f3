import { median, quantile } from './measure.js';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the same work costs without Attune, in the same run and the same unit. */
  readonly floor?: {
    readonly name: string;
    readonly value: number;
    /** Of rounds that were taken in pairs: value / floor of each. On a machine whose speed changes, their median says more than that of the values. */
    readonly ratios?: readonly number[];
  };
  /** Bound of value / floor, or of the value where there is no floor. */
  readonly goal?: { readonly of: 'ratio' | 'value'; readonly atLeast?: number; readonly atMost?: number };
  /** What else was seen: levels, percentiles, counts. */
  readonly note?: string;
}

export function ratioOf({ value, floor }: Figure): number | undefined {
  return floor?.ratios === undefined ? floor && value / floor.value : median(floor.ratios);
}

/** From the first to the third quartile of the pairs. */
function spreadOf({ floor }: Figure): string {
  return floor?.ratios === undefined ? '' : ` (${[0.25, 0.75].map(q => quantile(floor.ratios ?? [], q).toFixed(2)).join('–')})`;
}

/** Undefined where there is no goal. */
export function meetsGoal(figure: Figure): boolean | undefined {
  const { goal, value } = figure;
  if (goal === undefined) return undefined;
  const judged = goal.of === 'ratio' ? (ratioOf(figure) ?? Number.NaN) : value;
  return judged >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && judged <= (goal.atMost ?? Number.POSITIVE_INFINITY);
}

/** Lines of a table: figure, floor, ratio, goal. */
export function tableOf(figures: readonly Figure[]): readonly string[] {
  const rows = [
    ['figure', '', 'floor', '', 'ratio', 'goal', ''],
    ...figures.map(it => [
      it.name,
      `${shown(it.value)} ${it.unit}`,
      it.floor === undefined ? '' : shown(it.floor.value),
      it.floor?.name ?? '',
      it.floor === undefined ? '' : `${(ratioOf(it) ?? Number.NaN).toFixed(2)}${spreadOf(it)}`,
      goalOf(it),
      it.note ?? '',
    ]),
  ];
  const rightAligned = new Set([1, 2, 4]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows.map(row => row.map((cell, i) => (rightAligned.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ').trimEnd());
}

function goalOf(figure: Figure): string {
  const { goal, unit } = figure;
  if (goal === undefined) return '';
  const bound = goal.atLeast === undefined ? `≤ ${shown(goal.atMost ?? Number.NaN)}` : `≥ ${shown(goal.atLeast)}`;
  return `${bound}${goal.of === 'ratio' ? ' ×' : ` ${unit}`} ${meetsGoal(figure) === true ? 'met' : 'MISSED'}`;
}

/** Three digits, or the whole number where it has more. */
function shown(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
