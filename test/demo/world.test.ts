import { describe, expect, it } from '@jest/globals';
import { categories, datedItemId, dayOfItems } from '../../src/demo/catalogue.js';
import { affinityOf, demoFeatures } from '../../src/demo/configuration.js';
import { featuresAt } from '../../src/demo/customer-features.js';
import { bestItem, clickProbability } from '../../src/demo/truth.js';
import { demoWorld } from '../../src/demo/world.js';
import { derive, derivedInOrder } from '../../src/features/derived.js';
import { parseExpression } from '../../src/features/expression.schema.js';
import { expectedValue } from '../features/oracle.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const dayMs = 86_400_000;
const world = demoWorld(now);

describe('demoWorld', () => {
  it('is the same world for the same time', () => {
    expect(demoWorld(now)).toEqual(world);
  });

  it('holds the same people at another time, who did other things', () => {
    const later = demoWorld(now + 40 * dayMs);
    expect(later.customers.map(({ id, traits }) => ({ id, traits }))).toEqual(world.customers.map(({ id, traits }) => ({ id, traits })));
    expect(later.events).not.toEqual(world.events);
  });

  it('has 300 customers and 60 items in 6 categories, whose names are made for people', () => {
    expect(world.customers).toHaveLength(300);
    expect(new Set(world.customers.map(it => it.id)).size).toBe(300);
    for (const { id, attributes } of world.customers) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect(attributes['name']).toMatch(/^\p{Lu}\p{L}+ \p{L}[\p{L} ]+$/u);
      expect(attributes['email']).toMatch(/^[a-z]+(\.[a-z]+)+@example\.org$/);
    }
    expect(world.items).toHaveLength(60);
    expect(new Set(world.items.map(it => it.title)).size).toBe(60);
    for (const category of categories) expect(world.items.filter(it => it.category === category)).toHaveLength(10);
    for (const { title } of world.items) expect(title).not.toMatch(/item|product|\btest\b/i);
  });

  it('can be told from the date of one item', () => {
    const dated = world.items.find(it => it.id === datedItemId);
    expect(demoWorld(dayOfItems(dated?.publishedAt ?? '')).items).toEqual(world.items);
  });

  it('lets nothing happen before somebody signed up, or after now', () => {
    for (const { id, signedUpAt } of world.customers) {
      for (const { at } of world.events.get(id) ?? []) {
        expect(at).toBeGreaterThanOrEqual(Math.max(signedUpAt, now - 30 * dayMs));
        expect(at).toBeLessThan(now + 3_600_000);
      }
    }
  });

  it('has a month of some 10,000 events, each with an id of its own', () => {
    const events = [...world.events.values()].flat();
    expect(events.length).toBeGreaterThan(8000);
    expect(events.length).toBeLessThan(12_000);
    expect(new Set(events.map(it => it.id)).size).toBe(events.length);
  });
});

describe('featuresAt', () => {
  it('gives what the definitions give', () => {
    const derived = derivedInOrder(demoFeatures, parseExpression);
    for (const { id } of world.customers) {
      const events = world.events.get(id) ?? [];
      const features = featuresAt(events, now);
      for (const definition of demoFeatures.filter(it => it.aggregate !== undefined)) expect([definition.name, features[definition.name]?.value]).toEqual([definition.name, expectedValue(definition, events, now)]);
      const values = derive(derived, name => features[name]?.value, () => undefined);
      expect([...values]).toEqual([['engagement_score', features['engagement_score']?.value]]);
    }
  });

  it('knows every value by a defined name, and nothing but counts of somebody who did nothing', () => {
    const defined = new Set(demoFeatures.map(it => it.name));
    const names = world.customers.map(({ id }) => Object.keys(featuresAt(world.events.get(id) ?? [], now)));
    for (const name of names.flat()) expect(defined).toContain(name);
    expect(Object.keys(featuresAt([], now)).sort()).toEqual([
      'carts_30d', 'email_opens_30d', 'engagement_score', 'form_submits_30d', 'logins_30d', 'page_views_30d', 'purchases_30d',
    ]);
    expect(Math.max(...names.map(it => it.length))).toBe(defined.size);
  });

  it('gives affinities that sum to 1, the largest mostly to what is loved most', () => {
    let hits = 0;
    const active = world.customers.filter(({ id }) => (world.events.get(id)?.length ?? 0) >= 20);
    for (const { id, traits } of active) {
      const features = featuresAt(world.events.get(id) ?? [], now);
      const shares = categories.map(it => Number(features[affinityOf(it)]?.value));
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      const favourite = categories[shares.indexOf(Math.max(...shares))] ?? 'books';
      if (traits.taste[favourite] > 0.65) hits += 1;
    }
    // By chance it would be 1 of 4.
    expect(hits / active.length).toBeGreaterThan(0.8);
  });
});

describe('clickProbability', () => {
  it('leaves much to win between chance and the best choice', () => {
    const visit = { at: now, deviceType: 'desktop' } as const;
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const uniform = mean(world.customers.map(customer => mean(world.items.map(item => clickProbability(customer, item, visit)))));
    const best = mean(world.customers.map(customer => {
      const item = bestItem(customer, world.items, visit);
      return item === undefined ? 0 : clickProbability(customer, item, visit);
    }));
    process.stdout.write(`      true click rate of all items: uniform ${uniform.toFixed(4)}, best ${best.toFixed(4)}\n`);
    expect(uniform).toBeGreaterThan(0.04);
    expect(uniform).toBeLessThan(0.1);
    expect(best).toBeGreaterThan(4 * uniform);
    expect(best).toBeLessThan(0.5);
  });

  it('lies in (0, 1), and rises with the taste for the category', () => {
    const [item] = world.items;
    const visit = { at: now, deviceType: 'mobile' } as const;
    if (item === undefined) throw new Error('There are no items');
    for (const customer of world.customers) {
      const p = clickProbability(customer, item, visit);
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThan(1);
      const keener = { ...customer, traits: { ...customer.traits, taste: { ...customer.traits.taste, running: customer.traits.taste.running + 0.1 } } };
      expect(clickProbability(keener, item, visit)).toBeGreaterThan(p);
    }
  });
});
