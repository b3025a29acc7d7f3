import { z } from 'zod';
import { InvalidInput } from '../../kernel/errors.js';
import { id, instant, parseBody } from '../../tenants/body.schema.js';
import type { TrainingSetRequest } from './training-set.js';

export const trainingSetFormats = ['csv', 'parquet'] as const;
export type TrainingSetFormat = (typeof trainingSetFormats)[number];

const mostFeatures = 300;

const asked = z.strictObject({
  placement: id,
  from: instant,
  to: instant,
  features: z.string().max(mostFeatures * 130).optional(),
  format: z.enum(trainingSetFormats).default('csv'),
});

/** @param query of the address; `features` are names with commas between them. @throws InvalidInput */
export function parseTrainingSet(query: unknown): TrainingSetRequest & { readonly format: TrainingSetFormat } {
  const { placement, from, to, features = '', format } = parseBody(asked, query);
  const names = features === '' ? [] : features.split(',');
  if (new Set(names).size < names.length || names.length > mostFeatures) {
    throw new InvalidInput(`Each feature is named once, and at most ${mostFeatures} are`, { details: { path: '/features' } });
  }
  if (Date.parse(from) >= Date.parse(to)) throw new InvalidInput('The end comes after the beginning', { details: { path: '/to' } });
  return { placementId: placement, from: Date.parse(from), to: Date.parse(to), features: names, format };
}
