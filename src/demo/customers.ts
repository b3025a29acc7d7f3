import type { FeatureValue } from '../customers/online-record.js';
import type { Random } from '../kernel/random.js';
import { categories, type Category } from './catalogue.js';
import { namePools, slugOf, type NamePool } from './people.js';

export const devices = ['desktop', 'mobile', 'tablet'] as const;
export type Device = (typeof devices)[number];

/** What drives a person's clicks and visits, which the shop never sees. Each in [0, 1]. */
export interface Traits {
  readonly taste: Readonly<Record<Category, number>>;
  readonly activity: number;
  readonly thrift: number;
  /** Probability of each device, summing to 1. */
  readonly deviceHabits: Readonly<Record<Device, number>>;
}

export interface DemoCustomer {
  readonly id: string;
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  /** Epoch milliseconds. */
  readonly signedUpAt: number;
  readonly traits: Traits;
}

const dayMs = 86_400_000;
const newcomers = 0.12;

/** @param now epoch milliseconds; nobody signs up after it */
export function demoCustomers(count: number, now: number, random: Random): readonly DemoCustomer[] {
  const byId = new Map<string, DemoCustomer>();
  while (byId.size < count) {
    const customer = makeCustomer(now, random);
    if (!byId.has(customer.id)) byId.set(customer.id, customer);
  }
  return [...byId.values()];
}

function makeCustomer(now: number, random: Random): DemoCustomer {
  const pool = poolAt(random());
  const name = `${pick(pool.given, random)} ${pick(pool.family, random)}`;
  const id = slugOf(name);
  const traits = makeTraits(random);
  const ageDays = random() < newcomers ? 1 + random() * 12 : 30 + random() * 1400;
  const signedUpAt = Math.floor(now - ageDays * dayMs);
  return {
    id,
    signedUpAt,
    traits,
    attributes: {
      name,
      email: `${id.replaceAll('-', '.')}@example.org`,
      country: pool.country,
      birthYear: new Date(now).getUTCFullYear() - 16 - Math.floor(random() * 58),
      signedUpAt: new Date(signedUpAt).toISOString(),
      favouriteCategory: favourite(traits),
      loyaltyTier: tierOf(ageDays, traits.activity),
      newsletter: random() < 0.65,
    },
  };
}

/** One or two categories that they love, and little interest in the others. */
function makeTraits(random: Random): Traits {
  const loved = new Set([pick(categories, random), ...(random() < 0.5 ? [pick(categories, random)] : [])]);
  const taste = Object.fromEntries(categories.map(it => [it, loved.has(it) ? 0.7 + 0.3 * random() : 0.45 * random()]));
  const [a, b, c] = [0.1 + random(), 0.2 + 1.4 * random(), 0.3 * random()] as const;
  const sum = a + b + c;
  return {
    taste: taste as Readonly<Record<Category, number>>,
    activity: random() ** 2.5,
    thrift: random(),
    deviceHabits: { desktop: a / sum, mobile: b / sum, tablet: c / sum },
  };
}

function favourite({ taste }: Traits): Category {
  return categories.reduce((best, it) => (taste[it] > taste[best] ? it : best));
}

function tierOf(ageDays: number, activity: number): 'none' | 'bronze' | 'silver' | 'gold' {
  if (ageDays < 30) return 'none';
  const standing = activity + ageDays / 2800;
  if (standing > 0.95) return 'gold';
  return standing > 0.55 ? 'silver' : 'bronze';
}

function poolAt(draw: number): NamePool {
  let left = draw;
  for (const pool of namePools) {
    left -= pool.share;
    if (left < 0) return pool;
  }
  return pickFirst(namePools);
}

/** Draws one of a list that is not empty. */
export function pick<T>(list: readonly T[], random: Random): T {
  return pickFirst(list.slice(Math.floor(random() * list.length)));
}

function pickFirst<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new RangeError('There is nothing to pick from');
  return first;
}
