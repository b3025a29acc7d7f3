import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { InvariantViolation } from '../kernel/errors.js';

const ivBytes = 12;
const tagBytes = 16;

export const newKey = (): Buffer => randomBytes(32);

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: base64 of nonce, ciphertext and tag.
 * @param place what the ciphertext belongs to: it opens nowhere else
 */
export function seal(key: Buffer, place: string, plain: Buffer): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** What was sealed in this place. @throws InvariantViolation where the key or the place is another, or a bit of it is */
export function open(key: Buffer, place: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes, bytes.length - tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new InvariantViolation('What is encrypted cannot be opened', { cause });
  }
}

/** HKDF-SHA256 (RFC 5869): keys for different uses, of which none tells of another. */
export function derivedKey(key: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `attune ${use}`, 32));
}

/** HMAC-SHA256 as base64url. Lengths keep the parts apart. */
export function mac(key: Buffer, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(parts.map(it => `${Buffer.byteLength(it)}:${it}`).join('')).digest('base64url');
}

export function isSameMac(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
