/**
 * Numbers as text, every bit of them, null as NaN: base64 of little-endian doubles. Shorter than JSON for numbers with many digits, and
 * several times as quick, since no decimal digits are worked out.
 */
export function packDoubles(values: readonly (number | null)[]): string {
  const doubles = new Float64Array(values.length);
  for (let i = 0; i < doubles.length; i++) doubles[i] = values[i] ?? Number.NaN;
  return Buffer.from(doubles.buffer).toString('base64');
}

/** What `packDoubles` was given. */
export function unpackDoubles(text: string): (number | null)[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / 8 }, (_, i) => {
    const value = bytes.readDoubleLE(i * 8);
    return Number.isNaN(value) ? null : value;
  });
}
