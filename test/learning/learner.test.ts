import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Learner } from '../../src/learning/learner.js';
import { learningModule } from '../../src/learning/learning.module.js';
import type { Lesson, Lessons } from '../../src/learning/lessons.js';
import { runtimeModule } from '../../src/models/runtime.module.js';
import { posteriorTopic } from '../../src/platform/bus.js';
import { MemoryBus } from '../../src/platform/bus.memory.js';
import { createLogger } from '../../src/platform/logger.js';
import { testDatabase } from '../support/postgres.js';
import { LearningTenant, outcome, spec } from './lesson-kit.js';

const { pool } = await testDatabase();
const nothing: Lesson = { kind: 'learned', placements: [], next: undefined };

describe('Learner', () => {
  it('learns at once what it is woken for, and what others took when it looks around; the next score rests on it', async () => {
    const tenant = new LearningTenant(pool);
    const bus = new MemoryBus(error => { throw error; });
    const runtime = runtimeModule({ pool, bus, artifacts: { get: async () => new Uint8Array(), put: async () => '' }, threads: 1, inPlaceMicroseconds: 0, onFailure: error => { throw error; } });
    await runtime.open(tenant.id);
    const { learner } = learningModule({ pool, bus, logger: createLogger({ logLevel: 'silent' }), snapshots: tenant });
    const record = tenant.decision({ engagement_score: 1 });
    await tenant.write(record);
    const x = Float64Array.of(1, 1, 0);
    const arm = record.answer.selectedItemId ?? '';
    const learned = (): Promise<number> =>
      new Promise(resolve => { runtime.onLearned((id, placementId) => { if (id === tenant.id) resolve(runtime.posteriors(id, placementId, spec).mean(arm, x)); }); });
    try {
      expect(runtime.posteriors(tenant.id, 'hero', spec).mean(arm, x)).toBe(0);
      await tenant.tell(outcome(record, 'click'));
      const woken = learned();
      learner.wake(tenant.id);
      // One trial won in x = (1, 1, 0) under λ = 1: θ = x / (1 + |x|²), mean = |x|² / (1 + |x|²).
      expect(await woken).toBeCloseTo(2 / 3, 12);
      expect(runtime.posteriors(tenant.id, 'hero', spec).version).toBe(1);

      const second = tenant.decision({ engagement_score: 1 }, 1, { seed: record.request.seed });
      await tenant.write(second);
      await tenant.tell(outcome(second, 'impression'));
      const swept = learned();
      learner.start();
      expect(await swept).toBeCloseTo(2 / 5, 12);
    } finally {
      await learner.stop();
      await runtime.close();
    }
  });

  it('goes on after a failure, which it reports once', async () => {
    const failures: unknown[] = [];
    let rounds = 0;
    let learned: () => void = () => undefined;
    const done = new Promise<void>(resolve => { learned = resolve; });
    const lessons: Lessons = {
      waiting: async () => ['acme'],
      next: async () => {
        rounds += 1;
        if (rounds < 3) throw new Error('away');
        learned();
        return nothing;
      },
    };
    const learner = new Learner({ lessons, announce: async () => undefined, onFailure: error => failures.push(error) });
    learner.start();
    await done;
    await learner.stop();
    expect(failures).toHaveLength(1);
  });

  it('turns page after page, announces each, and leaves alone who is being taught by somebody else', async () => {
    const announced: unknown[] = [];
    const pages = new Map<string | undefined, Lesson>([
      [undefined, { kind: 'learned', placements: [{ placementId: 'hero', version: 4 }], next: { receivedAt: new Date(0), id: 'a' } }],
      ['a', { kind: 'learned', placements: [{ placementId: 'hero', version: 5 }], next: { receivedAt: new Date(1), id: 'b' } }],
      ['b', { kind: 'busy' }],
    ]);
    const learner = new Learner({
      lessons: { waiting: async () => [], next: async (_tenantId, from) => pages.get(from?.id) ?? nothing },
      announce: async (tenantId, placements) => { announced.push(tenantId, ...placements); },
      onFailure: error => { throw error; },
    });
    await learner.learn('acme');
    expect(announced).toEqual(['acme', { placementId: 'hero', version: 4 }, 'acme', { placementId: 'hero', version: 5 }]);
  });

  it('tells other processes by the bus', async () => {
    const tenant = new LearningTenant(pool);
    const bus = new MemoryBus(error => { throw error; });
    const messages: unknown[] = [];
    await bus.subscribe(posteriorTopic(tenant.id), event => { messages.push(event); });
    const record = tenant.decision({});
    await tenant.write(record);
    await tenant.tell(outcome(record, 'impression'));
    await learningModule({ pool, bus, logger: createLogger({ logLevel: 'silent' }), snapshots: tenant }).learner.learn(tenant.id);
    expect(messages).toEqual([{ kind: 'message', message: { placementId: 'hero', version: 1 } }]);
  });
});
