import { describe, expect, it } from '@jest/globals';
import type { BanditSpec } from '../../src/content/placement.js';
import { noTrials, withReward, withTrial } from '../../src/models/bandit/linear-posterior.js';
import { contractOf } from '../../src/models/bandit/solved-posteriors.js';
import { PosteriorCache } from '../../src/models/posterior-cache.js';
import type { PosteriorStore, StoredArm } from '../../src/models/posterior-store.js';

const spec: BanditSpec = { features: ['score'], lambda: 1, alpha: 0 };
const x = Float64Array.of(1, 0);

/** After so many trials that were all won, the mean in x is n / (n + 1) under λ = 1. */
function arm(name: string, version: number, trials: number, of: BanditSpec = spec): StoredArm {
  let sums = noTrials(2);
  for (let i = 0; i < trials; i++) sums = withReward(withTrial(sums, x), x, 1);
  return { placementId: 'hero', contract: contractOf(of), arm: name, version, sums };
}

class FakeStore implements PosteriorStore {
  arms: readonly StoredArm[] = [];
  readonly asked: (number | 'all')[] = [];
  /** Holds back the answer of the next read. */
  gate: Promise<void> | undefined;

  async load(): Promise<readonly StoredArm[]> {
    return this.#answer('all', this.arms);
  }

  async loadNewer(_tenantId: string, placementId: string, version: number): Promise<readonly StoredArm[]> {
    return this.#answer(version, this.arms.filter(it => it.placementId === placementId && it.version > version));
  }

  async #answer(asked: number | 'all', arms: readonly StoredArm[]): Promise<readonly StoredArm[]> {
    this.asked.push(asked);
    const gate = this.gate;
    this.gate = undefined;
    await gate;
    return arms;
  }
}

const rounded = (value: number): number => Number(value.toFixed(12));

function cacheOf(store: FakeStore): { cache: PosteriorCache; hear: (placementId: string | undefined) => Promise<void>; failures: unknown[]; mean: (name: string) => number } {
  const failures: unknown[] = [];
  let hear: (placementId: string | undefined) => Promise<void> = async () => undefined;
  const cache = new PosteriorCache({ store, follow: async (_tenantId, listener) => { hear = listener; }, onFailure: error => failures.push(error) });
  return { cache, hear: placementId => hear(placementId), failures, mean: name => rounded(cache.current('acme', 'hero', spec).mean(name, x)) };
}

describe('PosteriorCache', () => {
  it('knows the prior alone until it has read, and then what has been learned', async () => {
    const store = new FakeStore();
    store.arms = [arm('boots', 3, 1)];
    const { cache, mean } = cacheOf(store);
    expect(mean('boots')).toBe(0);
    await cache.load('acme');
    expect([mean('boots'), mean('socks'), cache.current('acme', 'hero', spec).version]).toEqual([0.5, 0, 3]);
    await cache.load('acme');
    expect(store.asked).toEqual(['all']);
  });

  it('reads only arms that have changed when a placement has learned, and keeps the others', async () => {
    const store = new FakeStore();
    store.arms = [arm('boots', 1, 1), arm('socks', 2, 1)];
    const { cache, hear, mean } = cacheOf(store);
    await cache.load('acme');
    const heard: string[] = [];
    cache.onChange((tenantId, placementId) => { heard.push(`${tenantId} ${placementId} ${mean('boots')}`); });
    store.arms = [arm('boots', 3, 3), arm('socks', 2, 1)];
    await hear('hero');
    expect([mean('boots'), mean('socks'), cache.current('acme', 'hero', spec).version]).toEqual([0.75, 0.5, 3]);
    expect([store.asked, heard]).toEqual([['all', 2], ['acme hero 0.75']]);
  });

  it('reads everything again where messages may have been missed', async () => {
    const store = new FakeStore();
    const { cache, hear, mean } = cacheOf(store);
    await cache.load('acme');
    store.arms = [arm('boots', 1, 1)];
    await hear(undefined);
    expect(mean('boots')).toBe(0.5);
  });

  it('is not set back by a read that comes late', async () => {
    const store = new FakeStore();
    store.arms = [arm('boots', 1, 1)];
    const { cache, hear, mean } = cacheOf(store);
    await cache.load('acme');
    let release: () => void = () => undefined;
    store.gate = new Promise(resolve => { release = resolve; });
    const slow = hear(undefined);
    store.arms = [arm('boots', 2, 3)];
    await hear('hero');
    release();
    await slow;
    expect([mean('boots'), cache.current('acme', 'hero', spec).version]).toEqual([0.75, 2]);
  });

  it('scores by the sums of the features that the bandit reads now, and solves them once', async () => {
    const store = new FakeStore();
    const other = { ...spec, features: ['age'] };
    store.arms = [arm('boots', 1, 1), arm('boots', 2, 3, other)];
    const { cache, mean } = cacheOf(store);
    await cache.load('acme');
    expect([mean('boots'), rounded(cache.current('acme', 'hero', other).mean('boots', x)), mean('boots')]).toEqual([0.5, 0.75, 0.5]);
    expect(cache.current('acme', 'hero', spec)).toBe(cache.current('acme', 'hero', spec));
  });

  it('keeps what it has where the store is away', async () => {
    const store = new FakeStore();
    store.arms = [arm('boots', 1, 1)];
    const { cache, hear, failures, mean } = cacheOf(store);
    await cache.load('acme');
    store.gate = Promise.reject(new Error('away'));
    await hear('hero');
    expect([mean('boots'), failures]).toEqual([0.5, [new Error('away')]]);
  });
});
