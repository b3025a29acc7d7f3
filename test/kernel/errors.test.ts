import { describe, expect, it } from '@jest/globals';
import { DependencyUnavailable, errorTable, InvalidInput } from '../../src/kernel/errors.js';

describe('an AppError', () => {
  it('carries its code, the status of the table, its details and its cause', () => {
    const cause = new Error('socket closed');
    const error = new DependencyUnavailable('Redis does not answer', { cause, details: { path: '/a', limit: 3 } });
    expect(error).toMatchObject({ name: 'DependencyUnavailable', code: 'UNAVAILABLE', status: 503, details: { path: '/a', limit: 3 }, cause });
  });

  it('has no cause and no details unless they are given', () => {
    const error = new InvalidInput('No');
    expect('cause' in error).toBe(false);
    expect(error.details).toEqual({});
  });
});

describe('the error table', () => {
  it('gives each code a status of HTTP that says who has to act', () => {
    for (const { status } of Object.values(errorTable)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
    }
  });
});
