import { createHash } from 'node:crypto';
import { stableUuidv7 } from '../../decisions/import/stable-id.js';
import type { LogFiles } from './log-files.js';

/** What the columns of a log or of its items mean: `header` is the file's first line. */
export type Row = ReadonlyMap<string, string>;

/** As the mutation importDecisions takes it. */
export interface DecisionInput {
  readonly id: string;
  readonly decidedAt: string;
  readonly customerId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, number>>;
  readonly itemId: string;
  readonly position: number;
  readonly propensity: number;
  readonly outcomes: readonly { readonly id: string; readonly kind: 'IMPRESSION' | 'CLICK'; readonly at: string }[];
}

/** As the mutation upsertContent takes it. */
export interface ItemInput {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly category: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Type of all imported items, by which placements of the shop's own leave them alone. */
export const importedType = 'open-bandit';

/** Says why a line cannot be read. */
export class BrokenRow extends Error {
  override readonly name = 'BrokenRow';
}

export const itemIdOf = (log: string, item: string): string => `${log}-${item}`;

export function itemOf({ name, campaign }: LogFiles, row: Row): ItemInput {
  const item = text(row, 'item_id');
  const features = [...row].filter(([column]) => column.startsWith('item_feature_'));
  return {
    id: itemIdOf(name, item),
    type: importedType,
    title: `Item ${item} of the campaign ${campaign}`,
    category: campaign,
    attributes: { log: name, ...Object.fromEntries(features.map(([column, value]) => [column, numberOrText(value)])) },
  };
}

/**
 * @param line number of the line in the file: with it, the same row has the same ids whenever it is read
 * @param items ids of the log's items
 * @throws BrokenRow
 */
export function decisionOf(log: string, row: Row, line: number, items: ReadonlySet<string>): DecisionInput {
  const at = time(row);
  const decidedAt = new Date(at).toISOString();
  const itemId = itemIdOf(log, text(row, 'item_id'));
  if (!items.has(itemId)) throw new BrokenRow('item_id is not among the items');
  const position = number(row, 'position', it => Number.isInteger(it) && it >= 1);
  const clicked = number(row, 'click', it => it === 0 || it === 1) === 1;
  const attributes = Object.fromEntries([...row].filter(([column]) => column.startsWith('user_feature_')));
  const outcome = (kind: 'IMPRESSION' | 'CLICK'): DecisionInput['outcomes'][number] => ({ id: `${log}-${line}-${kind.toLowerCase()}`, kind, at: decidedAt });
  return {
    id: stableUuidv7(at, `${log} ${line}`),
    decidedAt,
    customerId: customerIdOf(Object.values(attributes)),
    attributes,
    context: { position, ...affinities(log, row) },
    itemId,
    position,
    propensity: number(row, 'propensity_score', it => it > 0 && it <= 1),
    outcomes: clicked ? [outcome('IMPRESSION'), outcome('CLICK')] : [outcome('IMPRESSION')],
  };
}

/** The data tells people apart by their features alone. */
function customerIdOf(features: readonly string[]): string {
  return `visitor-${createHash('sha256').update(features.join('\n')).digest('hex').slice(0, 16)}`;
}

const affinityColumn = 'user-item_affinity_';

/** Of this customer at that time to each item; only those that are not 0. */
function affinities(log: string, row: Row): Readonly<Record<string, number>> {
  const all = [...row].filter(([column]) => column.startsWith(affinityColumn)).map(([column]) => {
    const value = number(row, column, () => true);
    return [`affinity_${itemIdOf(log, column.slice(affinityColumn.length))}`, value] as const;
  });
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

function text(row: Row, column: string): string {
  const value = row.get(column);
  if (value === undefined || value === '') throw new BrokenRow(`${column} is missing`);
  return value;
}

function number(row: Row, column: string, fits: (value: number) => boolean): number {
  const value = Number(text(row, column));
  if (!Number.isFinite(value) || !fits(value)) throw new BrokenRow(`${column} is out of range`);
  return value;
}

/** `2019-11-24 00:01:03.979311+00:00` to the millisecond, in epoch milliseconds. */
function time(row: Row): number {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d{1,3})?\d*(Z|[+-]\d{2}:\d{2})$/.exec(text(row, 'timestamp'));
  const at = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}T${match[2] ?? ''}${match[3] ?? ''}${match[4] ?? ''}`);
  if (!(at >= 0)) throw new BrokenRow('timestamp is not a time');
  return at;
}

function numberOrText(value: string): number | string {
  const parsed = Number(value);
  return value !== '' && Number.isFinite(parsed) ? parsed : value;
}
