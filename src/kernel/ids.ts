const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const pool = new Uint8Array(4096);
let used = pool.length;

/** Random bytes are fetched by the page: a call a UUID would cost more than all the rest of it. */
function randomBytes(count: number): Uint8Array {
  if (used + count > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

/** UUIDv7 (RFC 9562, section 5.7) whose time is `now`, in epoch milliseconds; the other 74 bits are random. */
export function uuidv7(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  const bytes = randomBytes(10);
  const at = (i: number): string => hex[bytes[i] ?? 0] ?? '00';
  const version = hex[0x70 | ((bytes[0] ?? 0) & 0x0f)] ?? '70';
  const variant = hex[0x80 | ((bytes[2] ?? 0) & 0x3f)] ?? '80';
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${at(1)}-${variant}${at(3)}-${at(4)}${at(5)}${at(6)}${at(7)}${at(8)}${at(9)}`;
}

/** Epoch milliseconds inside a UUIDv7. */
export function timeOfUuidv7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export function isUuidv7(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text);
}
