/** Room for most lists: a buffer of its own for each would cost more than the rest. Nothing of it is seen outside of one call. */
const room = new Float64Array(256);
const bytesOfRoom = Buffer.from(room.buffer);

/** A digit for each value that a list is made of, where they are few. */
const digits = '0123456789abcdefghijklmnopqrstuvwxyz';
const distinct = new Float64Array(digits.length);
const bytesOfDistinct = Buffer.from(distinct.buffer);

/**
 * Numbers as text, every bit of them, null as NaN: base64 of little-endian doubles. Shorter than JSON for numbers with many digits, and
 * several times as quick, since no decimal digits are worked out. Where that is shorter, each value once, and after a colon a digit for each number.
 */
export function packDoubles(values: readonly (number | null)[]): string {
  return packFew(values) ?? packAll(values);
}

function packAll(values: readonly (number | null)[]): string {
  const fits = values.length <= room.length;
  const doubles = fits ? room : new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) doubles[i] = values[i] ?? Number.NaN;
  return (fits ? bytesOfRoom : Buffer.from(doubles.buffer)).toString('base64', 0, values.length * 8);
}

/** Undefined where it would not be shorter. */
function packFew(values: readonly (number | null)[]): string | undefined {
  const most = Math.min(digits.length, Math.floor(values.length * 0.9) - 1);
  let count = 0;
  let text = ':';
  for (const it of values) {
    const value = it ?? Number.NaN;
    let index = 0;
    while (index < count && !Object.is(distinct[index], value)) index++;
    if (index === count) {
      if (count >= most) return undefined;
      distinct[count++] = value;
    }
    text += digits[index] ?? '';
  }
  return count === 0 ? undefined : bytesOfDistinct.toString('base64', 0, count * 8) + text;
}

/** What `packDoubles` was given. */
export function unpackDoubles(text: string): (number | null)[] {
  const [packed = '', indexes] = text.split(':');
  const bytes = Buffer.from(packed, 'base64');
  const values = Array.from({ length: bytes.length / 8 }, (_, i) => {
    const value = bytes.readDoubleLE(i * 8);
    return Number.isNaN(value) ? null : value;
  });
  return indexes === undefined ? values : Array.from(indexes, it => values[digits.indexOf(it)] ?? null);
}
