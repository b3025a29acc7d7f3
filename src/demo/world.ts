import type { Item } from '../content/item.js';
import { seededRandom } from '../kernel/random.js';
import { demoItems } from './catalogue.js';
import { demoCustomers, type DemoCustomer } from './customers.js';
import { visitsOf, type DemoEvent } from './visits.js';

/** A shop, the people who come to it, and what they did there within a month. The same `now` gives the same world. */
export interface DemoWorld {
  /** Epoch milliseconds: the end of the month. */
  readonly now: number;
  readonly items: readonly Item[];
  readonly customers: readonly DemoCustomer[];
  /** Of each customer by id, oldest first. */
  readonly events: ReadonlyMap<string, readonly DemoEvent[]>;
  /** Ids of the static segment's members. */
  readonly wineCircle: readonly string[];
}

export const demoTenant = { id: 'demo', name: 'Fernweh & Co.' } as const;
const size = 300;
const seeds = { customers: 20_241, events: 30_577, wineCircle: 11 } as const;

export function demoWorld(now: number): DemoWorld {
  const items = demoItems(now);
  const customers = demoCustomers(size, now, seededRandom(seeds.customers));
  const random = seededRandom(seeds.events);
  const events = new Map(customers.map(it => [it.id, visitsOf(it, items, now, random)]));
  return { now, items, customers, events, wineCircle: wineCircle(customers) };
}

/** Some of those who like wine and are old enough for it. */
function wineCircle(customers: readonly DemoCustomer[]): readonly string[] {
  const random = seededRandom(seeds.wineCircle);
  const grownUp = 1990;
  return customers
    .filter(({ traits, attributes }) => traits.taste.wine > 0.7 && Number(attributes['birthYear']) < grownUp && random() < 0.5)
    .map(({ id }) => id);
}
