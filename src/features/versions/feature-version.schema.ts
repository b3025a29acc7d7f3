import { z } from 'zod';
import { id, parseBody } from '../../tenants/body.schema.js';

const named = z.strictObject({ name: id });
const back = z.strictObject({ name: id, version: z.int().min(1).optional() });
const baselined = z.strictObject({ name: id, baseline: id });

export const parseNamed = (input: unknown): z.infer<typeof named> => parseBody(named, input);
export const parseRollBack = (input: unknown): z.infer<typeof back> => parseBody(back, input);
export const parseBaselined = (input: unknown): z.infer<typeof baselined> => parseBody(baselined, input);
