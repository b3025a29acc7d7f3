import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Lifecycle, type Part } from '../../src/platform/lifecycle.js';

interface Observed {
  readonly life: Lifecycle;
  readonly journal: readonly string[];
  readonly logged: readonly string[];
  /** A part that writes into the journal, then does what is given. */
  readonly part: (name: string, faults?: Partial<Part>) => Part;
}

function newLife(stopTimeoutMs = 1000): Observed {
  const journal: string[] = [];
  const logged: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg) });
  const part = (name: string, faults: Partial<Part> = {}): Part => ({
    name,
    start: async () => {
      journal.push(`start ${name}`);
      await faults.start?.();
    },
    stop: async () => {
      journal.push(`stop ${name}`);
      await faults.stop?.();
    },
  });
  return { life: new Lifecycle({ logger, stopTimeoutMs }), journal, logged, part };
}

describe('Lifecycle', () => {
  it('starts parts in order and stops them in reverse', async () => {
    const { life, journal, part } = newLife();
    expect(life.state.at).toBe('new');
    await life.start([part('database'), part('log'), part('server')]);
    expect(life.state.at).toBe('running');
    await life.stop();
    expect(life.state.at).toBe('stopped');
    expect(journal).toEqual(['start database', 'start log', 'start server', 'stop server', 'stop log', 'stop database']);
  });

  it('stops what was reached when a start fails, and throws its error', async () => {
    const { life, journal, part } = newLife();
    const broken = part('log', { start: async () => Promise.reject(new Error('no disk')) });
    await expect(life.start([part('database'), broken, part('server')])).rejects.toThrow('no disk');
    expect(journal).toEqual(['start database', 'start log', 'stop log', 'stop database']);
    expect(life.state.at).toBe('stopped');
  });

  it('starts nothing more when it is asked to stop meanwhile', async () => {
    const { life, journal, part } = newLife();
    const starting = life.start([part('database', { start: () => sleep(30) }), part('server')]);
    const stopped = life.stop();
    await Promise.all([starting, stopped]);
    expect(journal).toEqual(['start database', 'stop database']);
  });

  it('stops once, however often it is asked', async () => {
    const { life, journal, part } = newLife();
    await life.start([part('server', { stop: () => sleep(20) })]);
    await Promise.all([life.stop(), life.stop()]);
    await life.stop();
    expect(journal).toEqual(['start server', 'stop server']);
  });

  it('stops the others when one fails to stop or does not come to an end', async () => {
    const { life, journal, logged, part } = newLife(50);
    const stuck = part('stuck', { stop: () => new Promise(() => undefined) });
    const failing = part('failing', { stop: async () => Promise.reject(new Error('torn')) });
    await life.start([part('database'), stuck, failing]);
    await life.stop();
    expect(journal.slice(-3)).toEqual(['stop failing', 'stop stuck', 'stop database']);
    expect(logged).toEqual(['a part failed to stop', 'a part does not stop in time and is left behind']);
  });

  it('ends the process after a signal when all has stopped, and at once after a second one', async () => {
    const { life, journal, part } = newLife();
    const exits: number[] = [];
    const release: { now?: () => void } = {};
    await life.start([part('server', { stop: () => new Promise(resolve => (release.now = () => { resolve(); })) })]);
    const before = new Set(process.listeners('SIGTERM'));
    life.stopOnSignals(code => exits.push(code));
    const added = (signal: 'SIGTERM' | 'SIGINT'): NodeJS.SignalsListener[] => process.listeners(signal).filter(it => !before.has(it));
    const [onTerm] = added('SIGTERM');
    onTerm?.('SIGTERM');
    expect(journal).toContain('stop server');
    expect(exits).toEqual([]);
    onTerm?.('SIGTERM');
    expect(exits).toEqual([1]);
    release.now?.();
    await life.stop();
    await sleep(0);
    expect(exits).toEqual([1, 0]);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) for (const listener of added(signal)) process.off(signal, listener);
  });
});
