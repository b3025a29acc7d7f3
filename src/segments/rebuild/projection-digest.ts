import type { OnlineRecord } from '../../customers/online-record.js';
import { fnv1a32 } from '../../kernel/hash.js';
import { canonicalJson, type Json } from '../../kernel/json.js';

/** What a set of records comes to, in whatever order they are added: two sums of 32 bits, of what each one says and of whom. */
export class ProjectionDigest {
  #first = 0;
  #second = 0;
  #count = 0;

  add(record: Json): void {
    const text = canonicalJson(record);
    this.#first = (this.#first + fnv1a32(`a${text}`)) % 2 ** 32;
    this.#second = (this.#second + fnv1a32(`b${text}`)) % 2 ** 32;
    this.#count += 1;
  }

  /** `<records>-<16 hexadecimal digits>`. */
  toString(): string {
    const hex = (sum: number): string => sum.toString(16).padStart(8, '0');
    return `${this.#count}-${hex(this.#first)}${hex(this.#second)}`;
  }
}

/** Without the parts that the record leaves undefined. */
export const asJson = (record: OnlineRecord): Json => JSON.parse(JSON.stringify(record)) as Json;
