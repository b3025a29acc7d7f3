import { expect, it } from '@jest/globals';
import { MemoryOnlineStore } from '../../src/customers/online-store.memory.js';
import { itBehavesLikeAnOnlineStore, record } from './online-store.contract.js';

itBehavesLikeAnOnlineStore('MemoryOnlineStore', async () => ({ store: new MemoryOnlineStore(), close: async () => {} }));

it('MemoryOnlineStore holds no more than it may, and drops what was not asked for longest', async () => {
  const store = new MemoryOnlineStore(2);
  await store.write('acme', [record('a', 1), record('b', 1)]);
  store.read('acme', ['a']);
  await store.write('acme', [record('c', 1)]);
  expect(store.read('acme', ['a', 'b', 'c']).map(it => it?.customerId)).toEqual(['a', undefined, 'c']);
});
