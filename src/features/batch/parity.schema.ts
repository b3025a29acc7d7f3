import { z } from 'zod';
import { id, parseBody } from '../../tenants/body.schema.js';

const asked = z.object({
  sample: z.int().min(1, 'A sample has 1 to 5000 customers').max(5000, 'A sample has 1 to 5000 customers'),
  names: z.array(id).max(1000).nullish(),
});

/** @throws InvalidInput */
export function parseParity(args: unknown): { readonly sample: number; readonly names: readonly string[] | undefined } {
  const { sample, names } = parseBody(asked, args);
  return { sample, names: names ?? undefined };
}
