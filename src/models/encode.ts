import type { Facts } from '../conditions/condition.js';
import type { FeatureValue } from '../customers/online-record.js';
import { columnsOf, type InputContract, type ModelInput } from './input-contract.js';

/** Writes the rows of some candidates for one customer, row-major, into `out` from `offset` on. */
export type Encoder = (facts: Pick<Facts, 'attributes' | 'features' | 'context' | 'now'>, items: readonly Facts['item'][], out: Float32Array, offset: number) => void;

type Read = (facts: Parameters<Encoder>[0], item: Facts['item']) => FeatureValue | undefined;
type Write = (value: FeatureValue, out: Float32Array, at: number, now: number) => boolean;

const dayMs = 86_400_000;

interface CompiledInput {
  readonly at: number;
  readonly columns: number;
  readonly missing: number;
  readonly read: Read;
  readonly write: Write;
}

/** Turns a contract into a function: names and columns are worked out once, and what is the same for all candidates once for all of them. */
export function compileEncoder(contract: InputContract): Encoder {
  const ofItem: CompiledInput[] = [];
  const ofAll: CompiledInput[] = [];
  let width = 0;
  for (const input of contract) {
    const columns = columnsOf(input.transform);
    const compiled = { at: width, columns, missing: input.missing, read: compileRead(input), write: compileWrite(input.transform) };
    (input.source === 'item' || input.name.includes(categoryMark) ? ofItem : ofAll).push(compiled);
    width += columns;
  }
  return (facts, items, out, offset) => {
    items.forEach((item, i) => {
      const row = offset + i * width;
      if (i === 0) writeInputs(ofAll, facts, item, { out, row });
      else out.copyWithin(row, offset, offset + width);
      writeInputs(ofItem, facts, item, { out, row });
    });
  };
}

function writeInputs(inputs: readonly CompiledInput[], facts: Parameters<Encoder>[0], item: Facts['item'], { out, row }: { readonly out: Float32Array; readonly row: number }): void {
  for (const { at, columns, missing, read, write } of inputs) {
    const value = read(facts, item);
    if (value === undefined || !write(value, out, row + at, facts.now)) out.fill(missing, row + at, row + at + columns);
  }
}

const categoryMark = '{category}';

function compileRead({ source, name }: ModelInput): Read {
  const [before, after] = name.split(categoryMark);
  if (source === 'item') return (_facts, item) => item[name];
  const part = ({ attribute: 'attributes', feature: 'features', context: 'context' } as const)[source];
  if (before === undefined || after === undefined) return facts => facts[part][name];
  return (facts, { category }) => (typeof category === 'string' ? facts[part][before + category + after] : undefined);
}

/** False where the value is not of the kind that the transform takes; then nothing has been written. */
function compileWrite(transform: ModelInput['transform']): Write {
  switch (transform.kind) {
    case 'number': {
      const { scale, offset } = transform;
      return (value, out, at) => {
        if (typeof value !== 'number' && typeof value !== 'boolean') return false;
        out[at] = Number(value) * scale + offset;
        return true;
      };
    }
    case 'oneHot': {
      const { values } = transform;
      return (value, out, at) => {
        if (typeof value !== 'string' && !Array.isArray(value)) return false;
        for (let i = 0; i < values.length; i++) out[at + i] = value === values[i] || (Array.isArray(value) && value.includes(values[i] ?? '')) ? 1 : 0;
        return true;
      };
    }
    case 'count': {
      const { scale } = transform;
      return (value, out, at) => {
        if (!Array.isArray(value)) return false;
        out[at] = value.length * scale;
        return true;
      };
    }
    case 'cyclic': {
      const turn = (2 * Math.PI) / transform.period;
      return (value, out, at) => {
        if (typeof value !== 'number') return false;
        out[at] = Math.sin(value * turn);
        out[at + 1] = Math.cos(value * turn);
        return true;
      };
    }
    case 'ageDays': {
      const { scale } = transform;
      const timeOf = rememberedTimes();
      return (value, out, at, now) => {
        const time = typeof value === 'string' ? timeOf(value) : Number.NaN;
        if (Number.isNaN(time)) return false;
        out[at] = ((now - time) / dayMs) * scale;
        return true;
      };
    }
  }
}

const mostTimes = 1000;

/** `Date.parse`, which would cost as much as all the rest of a row, where the same items come with each request. */
function rememberedTimes(): (text: string) => number {
  const times = new Map<string, number>();
  return text => {
    let time = times.get(text);
    if (time === undefined) {
      time = Date.parse(text);
      if (times.size >= mostTimes) times.clear();
      times.set(text, time);
    }
    return time;
  };
}
