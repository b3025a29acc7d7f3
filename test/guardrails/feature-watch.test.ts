import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { FeatureHealths } from '../../src/features/versions/feature-health.js';
import { PostgresAlerts } from '../../src/guardrails/alerts.postgres.js';
import { FeatureWatch } from '../../src/guardrails/feature-watch.js';
import { onlyHere } from '../../src/guardrails/watch-lock.postgres.js';
import { feature } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const it = { open: (): void => undefined };
  const opened = new Promise<void>(resolve => { it.open = resolve; });
  return { opened, open: () => { it.open(); } };
}
const none = { count: 0, of: 100 };

describe('two processes that watch features', () => {
  it('go back once, though both look at the same moment', async () => {
    const tenantId = randomUUID();
    const failures: unknown[] = [];
    const looked = gate();
    const goOn = gate();
    const rolledBack: number[] = [];
    const healths: FeatureHealths = {
      watched: async () => [{ tenantId, definition: feature('score', { version: 3, limits: { nullRate: 0.1 } }) }],
      read: async () => {
        looked.open();
        await goOn.opened;
        return { missing: { count: rolledBack.length === 0 ? 100 : 0, of: 100 }, stale: none, errors: none, drift: undefined };
      },
    };
    const alerted: string[] = [];
    const watchOf = (n: number): FeatureWatch => new FeatureWatch({
      healths, alerts: new PostgresAlerts(pool), onlyHere: onlyHere(pool), now: () => 1_770_000_000_000, newId: () => `a${n}`,
      versions: {
        rollBack: async () => {
          rolledBack.push(n);
          return { featureDefinition: feature('score', { version: 2 }), configurationVersion: 1 };
        },
      },
      alerted: (_tenant, { id }) => void alerted.push(id),
      onFailure: error => void failures.push(error),
    });
    const [first, second] = [watchOf(1), watchOf(2)];
    const looking = first.check();
    await looked.opened;
    await second.check(); // comes back at once, not having looked: the other is at it
    goOn.open();
    await looking;
    await second.check(); // looks, and finds it well
    expect([rolledBack, alerted, failures]).toEqual([[1], ['a1'], []]);
  });
});
