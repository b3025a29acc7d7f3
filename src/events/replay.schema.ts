import { z } from 'zod';
import { isoTimeMs } from '../kernel/iso-time.js';
import { id, instant, parseBody } from '../tenants/body.schema.js';
import type { ReplayFilter } from './replay.js';

const replaySchema = z
  .strictObject({ from: instant, to: instant, type: id.optional(), customerId: id.optional() })
  .transform(({ from, to, ...rest }): ReplayFilter => ({ from: isoTimeMs(from) ?? 0, to: isoTimeMs(to) ?? 0, ...rest }))
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'It ends after it begins' });

export function parseReplay(body: unknown): ReplayFilter {
  return parseBody(replaySchema, body);
}
