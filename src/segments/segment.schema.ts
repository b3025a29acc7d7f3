import { z } from 'zod';
import { conditionSchema } from '../conditions/condition.schema.js';
import { id, name, parseBody, prose, purposes } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { Segment } from './segment.js';

export const segmentSchema: z.ZodType<Segment> = z.strictObject({
  id,
  name,
  description: prose.default(''),
  condition: conditionSchema.optional(),
  purposes: purposes.optional(),
});

export function parseSegment(body: unknown): Segment {
  return parseBody(segmentSchema, body);
}

export const segments: Kind<Segment> = { kind: 'segment', parse: parseSegment };
