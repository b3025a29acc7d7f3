import { z } from 'zod';
import { conditionSchema } from '../conditions/condition.schema.js';
import { isOfType, valueTypes } from '../customers/online-record.js';
import { InvalidInput } from '../kernel/errors.js';
import { featureValue, id, name, parseBody, prose, purposes, share } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import { mostExpressionText } from './expression.js';
import { aggregateFunctions, featureKinds, kindOf, propertyUse, type Aggregate, type FeatureDefinition } from './feature.js';

const hourMs = 3_600_000;
const year = 366 * 24 * hourMs;
const span = z.int().min(1000).max(10 * year);

const filter = { event: id.optional(), where: conditionSchema.optional() };

const aggregateSchema = z
  .strictObject({
    ...filter,
    function: z.enum(aggregateFunctions),
    property: id.optional(),
    per: z.strictObject(filter).optional(),
    windowMs: z.int().min(1000).max(2 * year),
  })
  .refine(({ function: it, property }) => (property === undefined ? propertyUse[it] !== 'needed' : propertyUse[it] !== undefined), {
    path: ['property'],
    message: 'An event property is named for sum, mean, min, max, last, first and distinct, may be for sessionDuration, and for no other',
  })
  .refine(({ function: it, per }) => (it === 'ratio') === (per !== undefined), { path: ['per'], message: 'What it is a share of is named for a ratio, and for no other' });

const mostHistory = 1000;

const limitsSchema = z.strictObject({
  nullRate: share.optional(),
  drift: z.number().min(0.01).max(100).optional(),
  baseline: id.optional(),
  staleRate: share.optional(),
  errorRate: share.optional(),
});

export const featureSchema: z.ZodType<FeatureDefinition> = z
  .strictObject({
    name: id,
    description: prose.default(''),
    kind: z.enum(featureKinds).optional(),
    valueType: z.enum(valueTypes),
    ttlMs: span,
    defaultValue: featureValue.optional(),
    owner: name.optional(),
    purposes: purposes.default([]),
    aggregate: aggregateSchema.optional(),
    expression: prose.min(1).max(mostExpressionText).optional(),
    revision: id.optional(),
    version: z.int().min(1).optional(),
    historyLimit: z.int().min(0).max(mostHistory).optional(),
    limits: limitsSchema.optional(),
  })
  .refine(({ valueType, defaultValue }) => defaultValue === undefined || isOfType(defaultValue, valueType), {
    path: ['defaultValue'],
    message: 'The default value is of the value type',
  })
  .refine(it => (kindOf(it) === 'behavioral') === (it.aggregate !== undefined), { path: ['aggregate'], message: 'A behavioral feature has an aggregate, and no other has one' })
  .refine(it => (kindOf(it) === 'derived') === (it.expression !== undefined), { path: ['expression'], message: 'A derived feature has an expression, and no other has one' })
  .refine(it => it.revision === undefined || kindOf(it) === 'customer', { path: ['revision'], message: 'A revision is named for features that are set from outside' })
  .refine(it => it.limits?.errorRate === undefined || it.aggregate !== undefined || it.expression !== undefined, {
    path: ['limits', 'errorRate'],
    message: 'Errors are known of features that are computed here',
  })
  .refine(({ valueType, aggregate }) => aggregate === undefined || aggregate.function === 'last' || aggregate.function === 'first' || valueType === 'number', {
    path: ['valueType'],
    message: 'All aggregates but last and first are numbers',
  })
  .refine(({ valueType, expression }) => expression === undefined || valueType !== 'strings', { path: ['valueType'], message: 'An expression gives a number, a text or a boolean' })
  .transform(it => ({ ...it, kind: kindOf(it) }));

export function parseFeature(body: unknown): FeatureDefinition {
  return parseBody(featureSchema, body);
}

/** Windows that aggregates may have, in milliseconds: an hour to 90 days. Older definitions may have others. */
export const windowLimits = { leastMs: hourMs, mostMs: 90 * 24 * hourMs } as const;

/** What a caller sent. @throws InvalidInput also for a window outside of `windowLimits` */
export function parseNewFeature(body: unknown): FeatureDefinition {
  const feature = parseFeature(body);
  if (feature.aggregate !== undefined) checkWindow(feature.aggregate);
  return feature;
}

function checkWindow({ windowMs }: Aggregate): void {
  const { leastMs, mostMs } = windowLimits;
  if (windowMs >= leastMs && windowMs <= mostMs) return;
  throw new InvalidInput('A window has an hour to 90 days', { details: { path: '/aggregate/windowMs', least: leastMs, most: mostMs } });
}

export const features: Kind<FeatureDefinition> = { kind: 'feature', parse: parseFeature };
/** Versions that are computed beside those in force, and that nothing reads. */
export const featureCandidates: Kind<FeatureDefinition> = { kind: 'featureCandidate', parse: parseFeature };
