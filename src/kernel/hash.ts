/** FNV-1a of the text's UTF-16 code units, 32 bits, unsigned (Fowler, Noll, Vo). */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A seed from an id, unsigned 32 bits, well mixed even where ids differ in their last digits alone (finalizer of MurmurHash3). */
export function seedOf(id: string): number {
  let hash = fnv1a32(id);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
