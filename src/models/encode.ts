import type { Facts } from '../conditions/condition.js';
import type { FeatureValue } from '../customers/online-record.js';
import { categoryMark, columnsOf, type InputContract, type ModelInput } from './input-contract.js';

/** Writes the rows of some candidates for one customer, row-major, into `out` from `offset` on. */
export type Encoder = (facts: Pick<Facts, 'attributes' | 'features' | 'context' | 'now'>, candidates: Rows, out: Float32Array, offset: number) => void;

export interface Rows {
  /** Never changed: what follows from the items alone is remembered for as long as this is the same array. */
  readonly items: readonly Facts['item'][];
  /** Indexes of those that are to have a row, in this order. */
  readonly chosen: readonly number[];
}

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
  const ofBoth: CompiledInput[] = [];
  const ofAll: CompiledInput[] = [];
  let width = 0;
  for (const input of contract) {
    const columns = columnsOf(input.transform);
    const compiled = { at: width, columns, missing: input.missing, read: compileRead(input), write: compileWrite(input.transform) };
    if (input.source !== 'item') (input.name.includes(categoryMark) ? ofBoth : ofAll).push(compiled);
    else (input.transform.kind === 'ageDays' ? ofBoth : ofItem).push(compiled);
    width += columns;
  }
  const rowsOf = rememberedRows(ofItem, width);
  const common = new Float32Array(width);
  return (facts, { items, chosen }, out, offset) => {
    const rows = rowsOf(facts, items);
    writeInputs(ofAll, facts, nothing, { out: common, row: 0 });
    for (let i = 0, row = offset; i < chosen.length; i++, row += width) {
      const candidate = chosen[i] ?? 0;
      // The columns of one are zero in the other.
      for (let column = 0, at = candidate * width; column < width; column++, at++) out[row + column] = (rows[at] ?? 0) + (common[column] ?? 0);
      writeInputs(ofBoth, facts, items[candidate] ?? nothing, { out, row });
    }
  };
}

const nothing: Facts['item'] = {};

/** Rows of which only the inputs of the items alone are written. */
function rememberedRows(inputs: readonly CompiledInput[], width: number): (facts: Parameters<Encoder>[0], items: Rows['items']) => Float32Array {
  const known = new WeakMap<Rows['items'], Float32Array>();
  return (facts, items) => {
    let rows = known.get(items);
    if (rows === undefined) {
      rows = new Float32Array(items.length * width);
      for (const [i, item] of items.entries()) writeInputs(inputs, facts, item, { out: rows, row: i * width });
      known.set(items, rows);
    }
    return rows;
  };
}

function writeInputs(inputs: readonly CompiledInput[], facts: Parameters<Encoder>[0], item: Facts['item'], { out, row }: { readonly out: Float32Array; readonly row: number }): void {
  for (const { at, columns, missing, read, write } of inputs) {
    const value = read(facts, item);
    if (value === undefined || !write(value, out, row + at, facts.now)) out.fill(missing, row + at, row + at + columns);
  }
}

function compileRead({ source, name }: ModelInput): Read {
  const [before, after] = name.split(categoryMark);
  if (source === 'item') return (_facts, item) => item[name];
  const part = ({ attribute: 'attributes', feature: 'features', context: 'context' } as const)[source];
  if (before === undefined || after === undefined) return facts => facts[part][name];
  const nameOf = remembered(category => before + category + after);
  return (facts, { category }) => (typeof category === 'string' ? facts[part][nameOf(category)] : undefined);
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
      const timeOf = remembered(text => Date.parse(text));
      return (value, out, at, now) => {
        const time = typeof value === 'string' ? timeOf(value) : Number.NaN;
        if (Number.isNaN(time)) return false;
        out[at] = ((now - time) / dayMs) * scale;
        return true;
      };
    }
  }
}

const mostRemembered = 1000;

/** Parsing a time, or putting a name together, would cost as much as all the rest of a row, where the same items come with each request. */
function remembered<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return text => {
    let it = made.get(text);
    if (it === undefined) {
      it = make(text);
      if (made.size >= mostRemembered) made.clear();
      made.set(text, it);
    }
    return it;
  };
}
