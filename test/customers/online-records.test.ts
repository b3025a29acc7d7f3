import { describe, expect, it } from '@jest/globals';
import { strangerRecord, type OnlineRecord } from '../../src/customers/online-record.js';
import { OnlineRecords, type OnlineRecordSource } from '../../src/customers/online-records.js';
import { MemoryOnlineStore } from '../../src/customers/online-store.memory.js';
import { strangerTtlMs, type OnlineStore } from '../../src/customers/online-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { record } from './online-store.contract.js';

const never = new Promise<never>(() => undefined);
const longMs = 10_000;
const ids = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `c${i}`);
/** Lets everything that only waits for promises go on. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A store whose every command can be made to fail or to hang. */
class FaultyStore implements OnlineStore {
  readonly inner = new MemoryOnlineStore();
  fault: (() => Promise<never>) | undefined;
  writeFault: (() => Promise<never>) | undefined;

  async read(...args: Parameters<OnlineStore['read']>) {
    return this.fault === undefined ? this.inner.read(...args) : this.fault();
  }

  async write(...args: Parameters<OnlineStore['write']>) {
    const fault = this.writeFault ?? this.fault;
    return fault === undefined ? this.inner.write(...args) : fault();
  }

  clear(tenantId: string): Promise<void> {
    return this.inner.clear(tenantId);
  }

  async forget(...args: Parameters<OnlineStore['forget']>) {
    return this.fault === undefined ? this.inner.forget(...args) : this.fault();
  }
}

/** The truth, in the reverse order of what was asked for, answering when it is told to. */
class FakeSource implements OnlineRecordSource {
  readonly asked: (readonly string[])[] = [];
  readonly #truth = new Map<string, OnlineRecord>();
  gate: Promise<void> = Promise.resolve();

  set(tenantId: string, truth: OnlineRecord): void {
    this.#truth.set(`${tenantId} ${truth.customerId}`, truth);
  }

  remove(tenantId: string, customerId: string): void {
    this.#truth.delete(`${tenantId} ${customerId}`);
  }

  async load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]> {
    this.asked.push(customerIds);
    const found = customerIds.flatMap(id => this.#truth.get(`${tenantId} ${id}`) ?? []).reverse();
    await this.gate;
    return found;
  }
}

function setUp({ copies = 100 } = {}) {
  const store = new FaultyStore();
  const source = new FakeSource();
  const failures: unknown[] = [];
  const clock = new FakeClock();
  const records = new OnlineRecords({ store, source, onFailure: error => failures.push(error), copies, now: () => clock.now() });
  return { store, source, failures, records, clock };
}

describe('OnlineRecords', () => {
  it('answers from the store what it holds, and fills the rest from the truth in one batch', async () => {
    const { store, source, records } = setUp();
    await store.write('acme', [record('c1', 4)]);
    for (const id of ids(3)) source.set('acme', record(id, 7));
    expect(await records.read('acme', ids(3), longMs)).toEqual([
      { record: record('c0', 7), source: 'database' },
      { record: record('c1', 4), source: 'store' },
      { record: record('c2', 7), source: 'database' },
    ]);
    expect(source.asked).toEqual([['c0', 'c2']]);
    expect(await records.read('acme', ids(3), longMs)).toMatchObject([{ source: 'store' }, { source: 'store' }, { source: 'store' }]);
    expect(source.asked).toHaveLength(1);
  });

  it('answers each place where an id is asked for twice, loading it once', async () => {
    const { source, records } = setUp();
    source.set('acme', record('ada', 1));
    expect((await records.read('acme', ['ada', 'ada'], longMs)).map(it => it.record?.version)).toEqual([1, 1]);
    expect(source.asked).toEqual([['ada']]);
  });

  it('asks the truth once for a customer whom many ask for at the same time', async () => {
    const { source, records } = setUp();
    let open = (): void => undefined;
    source.gate = new Promise(resolve => { open = resolve; });
    source.set('acme', record('ada', 1));
    source.set('acme', record('bob', 1));
    const reads = [['ada'], ['ada', 'bob'], ['bob', 'ada']].map(some => records.read('acme', some, longMs));
    await settled();
    open();
    expect((await Promise.all(reads)).map(read => read.map(it => it.record?.customerId))).toEqual([['ada'], ['ada', 'bob'], ['bob', 'ada']]);
    expect(source.asked).toEqual([['ada'], ['bob']]);
  });

  it('takes who is not there for a stranger, without asking again at each request', async () => {
    const { source, records } = setUp();
    expect(await records.read('acme', ['nobody'], longMs)).toEqual([{ record: strangerRecord('nobody'), source: 'database' }]);
    expect(await records.read('acme', ['nobody'], longMs)).toEqual([{ record: strangerRecord('nobody'), source: 'store' }]);
    expect(source.asked).toHaveLength(1);
  });

  it('asks the truth where the store fails, and says that the store did', async () => {
    const { store, source, failures, records } = setUp();
    store.fault = () => Promise.reject(new Error('no Redis'));
    source.set('acme', record('ada', 2));
    expect(await records.read('acme', ['ada'], longMs)).toEqual([{ record: record('ada', 2), source: 'database' }]);
    await settled();
    expect(failures.map(String)).toEqual(['Error: no Redis', 'Error: no Redis']);
  });

  it('falls back on the copy seen last where neither the store nor the truth answers', async () => {
    const { store, source, failures, records } = setUp();
    await store.write('acme', [record('ada', 3)]);
    await records.read('acme', ['ada'], longMs);
    store.fault = () => Promise.reject(new Error('no Redis'));
    source.gate = Promise.reject(new Error('no PostgreSQL'));
    expect(await records.read('acme', ['ada', 'bob'], longMs)).toEqual([{ record: record('ada', 3), source: 'stale copy' }, { record: undefined, source: 'none' }]);
    expect(failures.map(String)).toEqual(['Error: no Redis', 'Error: no PostgreSQL']);
  });

  it('asks again after a failure', async () => {
    const { source, records } = setUp();
    source.set('acme', record('ada', 1));
    source.gate = Promise.reject(new Error('no PostgreSQL'));
    expect(await records.read('acme', ['ada'], longMs)).toEqual([{ record: undefined, source: 'none' }]);
    source.gate = Promise.resolve();
    expect(await records.read('acme', ['ada'], longMs)).toEqual([{ record: record('ada', 1), source: 'database' }]);
  });

  it.each(['store', 'source'] as const)('answers in time where the %s hangs: what is there, copies, and none', async part => {
    const { store, source, records } = setUp();
    await store.write('acme', [record('ada', 1), record('bob', 1)]);
    await records.read('acme', ['ada', 'bob'], longMs);
    if (part === 'store') store.fault = () => never;
    else await store.forget('acme', ['bob']);
    source.gate = never;
    expect((await records.read('acme', ['ada', 'bob', 'cleo'], 20)).map(it => it.source)).toEqual(
      part === 'store' ? ['stale copy', 'stale copy', 'none'] : ['store', 'stale copy', 'none'],
    );
  });

  it('keeps what comes late for the next who asks', async () => {
    const { store, source, records } = setUp();
    let open = (): void => undefined;
    source.gate = new Promise(resolve => { open = resolve; });
    source.set('acme', record('ada', 1));
    const late = await records.read('acme', ['ada'], 10);
    expect(late).toEqual([{ record: undefined, source: 'none' }]);
    open();
    await settled();
    expect(late).toEqual([{ record: undefined, source: 'none' }]);
    expect((await store.read('acme', ['ada']))[0]?.version).toBe(1);
  });

  it('does not hold back what the truth has answered while the store takes it', async () => {
    const { store, source, records } = setUp();
    store.writeFault = () => never;
    source.set('acme', record('ada', 1));
    expect(await records.read('acme', ['ada'], 500)).toEqual([{ record: record('ada', 1), source: 'database' }]);
  });

  it('keeps no more copies than it may, those that were not asked for longest going first', async () => {
    const { store, records } = setUp({ copies: 2 });
    await store.write('acme', ids(3).map(id => record(id, 1)));
    for (const id of ['c0', 'c1', 'c0', 'c2']) await records.read('acme', [id], longMs);
    store.fault = () => never;
    expect((await records.read('acme', ids(3), 10)).map(it => it.source)).toEqual(['stale copy', 'none', 'stale copy']);
  });

  it("keeps tenants' customers apart in the store, the loads and the copies", async () => {
    const { store, source, records } = setUp();
    source.set('acme', record('ada', 1, { segments: ['of acme'] }));
    source.set('acm', record('eada', 1, { segments: ['of acm'] }));
    const [acme, acm] = await Promise.all([records.read('acme', ['ada'], longMs), records.read('acm', ['eada'], longMs)]);
    expect([acme, acm].map(read => read[0]?.record?.segments)).toEqual([['of acme'], ['of acm']]);
    store.fault = () => Promise.reject(new Error('no Redis'));
    source.gate = never;
    expect((await records.read('other', ['ada'], 10))[0]).toEqual({ record: undefined, source: 'none' });
  });

  it('answers nobody by nobody', async () => {
    const { source, records } = setUp();
    expect(await records.read('acme', [], longMs)).toEqual([]);
    expect(source.asked).toEqual([]);
  });

  it('takes back what it has put there late, where the customer is gone by then', async () => {
    const { store, source, records, clock } = setUp();
    for (const id of ids(2)) source.set('t', record(id, 3));
    let release = (): void => undefined;
    source.gate = new Promise(resolve => { release = resolve; });
    const reading = records.read('t', ids(2), longMs);
    await settled();
    clock.advance(strangerTtlMs);
    source.remove('t', 'c0');
    source.gate = Promise.resolve();
    release();
    expect((await reading).map(it => it.record?.version)).toEqual([3, 3]); // as they were when they were asked for
    await settled();
    expect(store.inner.read('t', ids(2)).map(it => it?.customerId)).toEqual([undefined, 'c1']);
  });
});
