import { describe, expect, it } from '@jest/globals';
import { InvalidConfig, readClientConfig, readConfig } from '../../src/platform/config.js';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.problems.map(it => it.variable);
  }
}

describe('readConfig', () => {
  it('needs nothing to be set', () => {
    expect(readConfig({})).toMatchObject({ port: 4000, host: '127.0.0.1', dataFolder: '.attune', databaseUrl: undefined, redisUrl: undefined });
  });

  it('reads numbers, addresses and lists', () => {
    const config = readConfig({
      PORT: '0',
      DATABASE_URL: 'postgres://a:b@db:5432/shop',
      REDIS_URL: 'redis://cache',
      ATTUNE_ALLOWED_ORIGINS: 'https://a.example, https://b.example,',
    });
    expect(config).toMatchObject({
      port: 0,
      databaseUrl: 'postgres://a:b@db:5432/shop',
      redisUrl: 'redis://cache',
      allowedOrigins: ['https://a.example', 'https://b.example'],
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' })).toEqual(readConfig({}));
  });

  it.each(['4e3', '-1', '70000', ' 80', '5s', '0x50', 'NaN'])('refuses the port %p', port => {
    expect(problemsOf({ PORT: port })).toEqual(['PORT']);
  });

  it('reports all that is wrong at once, also names that it does not know', () => {
    const environment = { PORT: 'http', DATABASE_URL: 'mysql://db', REDIS_URL: 'cache:6379', LOG_LEVEL: 'loud', ATTUNE_DEADLINE: '5' };
    expect(problemsOf(environment)).toEqual(['PORT', 'DATABASE_URL', 'REDIS_URL', 'LOG_LEVEL', 'ATTUNE_DEADLINE']);
  });

  it('never repeats a value, which may hold a password', () => {
    expect(() => readConfig({ DATABASE_URL: 'mysql://admin:hunter2@db' })).toThrow(/^(?!.*hunter2)[^]*DATABASE_URL +must be an address that starts with postgres:\/\//);
  });
});

describe('readClientConfig', () => {
  it('talks to the local server unless it is told otherwise', () => {
    expect(readClientConfig({})).toEqual({ url: 'http://127.0.0.1:4000', key: undefined, dataFolder: '.attune' });
    expect(readClientConfig({ ATTUNE_URL: 'https://attune.example', ATTUNE_KEY: 'k' })).toMatchObject({ url: 'https://attune.example', key: 'k' });
  });

  it('does not mind settings of the server', () => {
    expect(readClientConfig({ ATTUNE_STOP_GRACE_MS: '5', PORT: 'nonsense' }).url).toBe('http://127.0.0.1:4000');
  });
});
