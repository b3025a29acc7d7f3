import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { derivedKey, isSameMac, mac, newKey, open, seal } from '../../src/platform/seal.js';

describe('seal', () => {
  it('opens with the same key in the same place, and is another text each time', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.string(), (bytes, place) => {
      const key = newKey();
      const sealed = seal(key, place, Buffer.from(bytes));
      expect([...open(key, place, sealed)]).toEqual([...bytes]);
      expect(seal(key, place, Buffer.from(bytes))).not.toBe(sealed);
    }), { numRuns: 50 });
  });

  it('opens nowhere else, with no other key, and not when a bit of it is another', () => {
    const key = newKey();
    const sealed = seal(key, 'here', Buffer.from('secret'));
    expect(() => open(newKey(), 'here', sealed)).toThrow('cannot be opened');
    expect(() => open(key, 'there', sealed)).toThrow('cannot be opened');
    const bytes = Buffer.from(sealed, 'base64');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => open(key, 'here', changed.toString('base64'))).toThrow('cannot be opened');
    }
  });

  it('is AES-256-GCM as published: test case 14 of McGrew and Viega', () => {
    const known = Buffer.concat([Buffer.alloc(12), Buffer.from('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919', 'hex')]);
    expect(open(Buffer.alloc(32), '', known.toString('base64'))).toEqual(Buffer.alloc(16));
  });
});

describe('mac', () => {
  it('keeps its parts, its keys and its uses apart', () => {
    const key = newKey();
    expect(new Set([mac(key, 'a', 'bc'), mac(key, 'ab', 'c'), mac(key, 'abc'), mac(derivedKey(key, 'x'), 'abc'), mac(derivedKey(key, 'y'), 'abc')]).size).toBe(5);
    expect(isSameMac(mac(key, 'a'), mac(key, 'a'))).toBe(true);
    expect(isSameMac(mac(key, 'a'), mac(key, 'b'))).toBe(false);
  });
});
