import { describe } from '@jest/globals';

/** Tests against the run's real Redis. Use keys and topics of random tenants: other files use the same server. */
export function describeWithRedis(name: string, tests: (url: string) => void): void {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined) describe.skip(`${name} (no Redis can be had)`, () => { tests(''); });
  else describe(name, () => { tests(url); });
}
