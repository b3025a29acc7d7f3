import { seedOf } from '../../kernel/hash.js';

/**
 * UUIDv7 (RFC 9562, section 5.7) whose time is `at`, in epoch milliseconds, and whose other bits follow from `name`: what is
 * imported or made twice gets the same id twice.
 */
export function stableUuidv7(at: number, name: string): string {
  const time = at.toString(16).padStart(12, '0');
  const [a, b, c] = [seedOf(`a ${name}`), seedOf(`b ${name}`), seedOf(`c ${name}`)];
  const version = (0x7000 | (a & 0x0fff)).toString(16);
  const variant = (0x8000 | (b & 0x3fff)).toString(16);
  const rest = [a >>> 16, b >>> 16, c >>> 16].map(it => it.toString(16).padStart(4, '0')).join('');
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${rest}`;
}
