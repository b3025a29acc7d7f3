import { z } from 'zod';
import { keyRoles, type ApiKey } from './api-key.js';
import { id, name, parseBody } from './body.schema.js';

const newKey = z.strictObject({ role: z.enum(keyRoles), name });

export function parseNewKey(body: unknown): Pick<ApiKey, 'role' | 'name'> {
  return parseBody(newKey, body);
}

const monthInSeconds = 30 * 86_400;
const tokenRequest = z.strictObject({ customerId: id, ttlSeconds: z.int().min(1).max(monthInSeconds) });

export function parseTokenRequest(body: unknown): { readonly customerId: string; readonly ttlSeconds: number } {
  return parseBody(tokenRequest, body);
}

const claims = z.object({ sub: id, tid: id, exp: z.number() });

/** What a browser token says: the customer, the tenant, and until when, in epoch seconds. */
export function parseClaims(payload: unknown): z.infer<typeof claims> {
  return parseBody(claims, payload);
}
