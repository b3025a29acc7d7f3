import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/platform/logger.js';

describe('the log', () => {
  it('keeps of an error what helps, and nothing that a library has hung on it', () => {
    const lines: string[] = [];
    const logger = createLogger({ logLevel: 'info' }, { write: line => void lines.push(line) });
    const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET', client: { password: 'hunter2' } });
    logger.error({ err: new TypeError('lost', { cause }) }, 'a connection was lost');
    const { err, msg } = JSON.parse(lines[0] ?? '') as { err: { type: string; message: string; cause: object }; msg: string };
    expect(msg).toBe('a connection was lost');
    expect(err).toMatchObject({ type: 'TypeError', message: 'lost', cause: { type: 'Error', message: 'reset', code: 'ECONNRESET' } });
    expect(lines.join('')).not.toContain('hunter2');
  });
});
