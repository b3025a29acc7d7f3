import { describe, expect, it } from '@jest/globals';
import { Health, type HealthStatus } from '../../src/platform/health.js';

function healthOf(checks: Readonly<Record<string, () => Promise<HealthStatus>>>): Health {
  const health = new Health();
  for (const [name, check] of Object.entries(checks)) health.add({ name, runsAs: `a ${name}`, check });
  return health;
}

describe('Health', () => {
  it('names each part, as what it runs, and the worst of them all', async () => {
    expect(await healthOf({ database: async () => 'up', models: async () => 'degraded' }).report()).toEqual({
      status: 'degraded',
      parts: [
        { name: 'database', runsAs: 'a database', status: 'up' },
        { name: 'models', runsAs: 'a models', status: 'degraded' },
      ],
    });
  });

  it('takes a check that fails or never answers for a part that is down', async () => {
    const { status, parts } = await healthOf({
      database: async () => Promise.reject(new Error('refused')),
      bus: () => new Promise(() => undefined),
      models: async () => 'up',
    }).report();
    expect(status).toBe('down');
    expect(parts.map(it => it.status)).toEqual(['down', 'down', 'up']);
  });
});
