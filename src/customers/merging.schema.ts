import { z } from 'zod';
import { id, name, parseBody } from '../tenants/body.schema.js';
import type { Identity, MergeEdge } from './identity.js';

const identity: z.ZodType<Identity> = z.strictObject({ kind: id, value: name });
const identify = z.strictObject({ customerId: id, identities: z.array(identity).min(1).max(20) });
const merge: z.ZodType<MergeEdge> = z.strictObject({ from: id, into: id });

/** @throws InvalidInput */
export function parseIdentity(body: unknown): Identity {
  return parseBody(identity, body);
}

/** @throws InvalidInput */
export function parseIdentify(body: unknown): { readonly customerId: string; readonly identities: readonly Identity[] } {
  return parseBody(identify, body);
}

/** @throws InvalidInput */
export function parseMerge(body: unknown): MergeEdge {
  return parseBody(merge, body);
}
