import type { FeatureValue } from '../customers/online-record.js';
import { behaviourKey } from './behaviour.js';
import { leafOf, type Condition, type Facts, type Truth } from './condition.js';
import { compileCondition, valueIn, type Blind } from './evaluate.js';
import { changeOfWhole, compileNextChange } from './next-change.js';

/** One node of a condition, and what became of it. */
export interface Explanation {
  /** JSON pointer of the node within the condition: `/and/1/not`. */
  readonly path: string;
  readonly kind: 'and' | 'or' | 'not' | 'attribute' | 'feature' | 'context' | 'item' | 'property' | 'did' | 'inSegment';
  readonly truth: Truth;
  /** Of a leaf: the value that was compared, the times that something was done, whether the customer is in the segment; undefined where it is missing. */
  readonly seen: FeatureValue | undefined;
  /** True where the value is personal, and so not told. */
  readonly isHidden: boolean;
  /** When time alone may next change the truth, in epoch milliseconds; undefined where it does not. */
  readonly changesAt: number | undefined;
  readonly parts: readonly Explanation[];
}

export interface ExplainedBy {
  /** What personal attributes are compared by, and their names. */
  readonly blind?: Blind | undefined;
  readonly personal?: ReadonlySet<string> | undefined;
  /** When time alone changes the value of a feature, by its name. */
  readonly featureChangesAt?: ((name: string) => number | undefined) | undefined;
  /** When time alone changes a count, by the key of the behaviour, and a membership, by the id of the segment. The facts do not tell. */
  readonly countChangesAt?: ((key: string) => number | undefined) | undefined;
  readonly membershipChangesAt?: ((segmentId: string) => number | undefined) | undefined;
}

/** Says of each node of a checked condition what it came to, from what, and until when. */
export function explainCondition(condition: Condition, facts: Facts, by: ExplainedBy = {}, path = ''): Explanation {
  if ('and' in condition) return whole('and', condition.and, { facts, by, path });
  if ('or' in condition) return whole('or', condition.or, { facts, by, path });
  if ('not' in condition) {
    const part = explainCondition(condition.not, facts, by, `${path}/not`);
    return { path, kind: 'not', truth: part.truth === undefined ? undefined : !part.truth, ...nothingSeen, changesAt: part.changesAt, parts: [part] };
  }
  const truth = compileCondition(condition, by.blind)(facts);
  return { path, truth, ...explainLeaf(condition, facts, by), parts: [] };
}

const nothingSeen = { seen: undefined, isHidden: false } as const;

interface Around {
  readonly facts: Facts;
  readonly by: ExplainedBy;
  readonly path: string;
}

function whole(kind: 'and' | 'or', conditions: readonly Condition[], { facts, by, path }: Around): Explanation {
  const parts = conditions.map((it, i) => explainCondition(it, facts, by, `${path}/${kind}/${i}`));
  const deciding = kind === 'or';
  const truths = parts.map(it => it.truth);
  const truth = truths.includes(deciding) ? deciding : truths.includes(undefined) ? undefined : !deciding;
  return { path, kind, truth, ...nothingSeen, changesAt: changeOfWhole(parts, deciding), parts };
}

type Leaf = Exclude<Condition, { and: unknown } | { or: unknown } | { not: unknown }>;

function explainLeaf(condition: Leaf, facts: Facts, by: ExplainedBy): Pick<Explanation, 'kind' | 'seen' | 'isHidden' | 'changesAt'> {
  if ('inSegment' in condition) {
    const { inSegment } = condition;
    return { kind: 'inSegment', seen: facts.segments?.has(inSegment), isHidden: false, changesAt: by.membershipChangesAt?.(inSegment) };
  }
  if ('did' in condition) {
    const key = behaviourKey(condition.did);
    return { kind: 'did', seen: facts.behaviours[key], isHidden: false, changesAt: by.countChangesAt?.(key) };
  }
  const [kind, { name }] = leafOf(condition);
  const isHidden = kind === 'attribute' && by.personal?.has(name) === true;
  return { kind, seen: isHidden ? undefined : valueIn(kind, name)(facts), isHidden, changesAt: firstOf(compileNextChange(condition, by.blind)(facts), kind === 'feature' ? by.featureChangesAt?.(name) : undefined) };
}

function firstOf(...times: readonly (number | undefined)[]): number | undefined {
  const first = Math.min(...times.map(it => it ?? Infinity));
  return first === Infinity ? undefined : first;
}
