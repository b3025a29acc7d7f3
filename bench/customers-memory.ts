import { answerQuestions, memoryWithoutGarbage, type Memory } from './child.js';
import type { OnlineRecord } from '../src/customers/online-record.js';
import { MemoryOnlineStore } from '../src/customers/online-store.memory.js';

export interface CustomersMemory {
  readonly before: Memory;
  readonly after: Memory;
  /** Of all records as JSON, in bytes. */
  readonly json: number;
}

const tenantId = 'bench';
const featuresOfEach = 20;
const now = 1_770_000_000_000;

/** As it comes out of the database: nothing of one record is shared with another. */
function textOf(i: number): string {
  const features = Object.fromEntries(Array.from({ length: featuresOfEach }, (_, k) => [`feature_number_${k}`, { value: ((i * 31 + k * 17) % 1000) / 1000, at: now + i }]));
  const record: OnlineRecord = {
    customerId: `customer-${i}`, known: true, version: 1 + (i % 7), attributes: { plan: `p${i % 50}`, country: 'DE', score: (i % 1000) / 1000 }, features, segments: ['keen', 'loyal', 'viewers'], consents: {},
  };
  return JSON.stringify(record);
}

answerQuestions(async ({ customers }: { readonly customers: number }): Promise<CustomersMemory> => {
  const store = new MemoryOnlineStore(customers);
  let json = 0;
  const before = memoryWithoutGarbage();
  for (let i = 0; i < customers; i++) {
    const text = textOf(i);
    json += Buffer.byteLength(text);
    await store.write(tenantId, [JSON.parse(text) as OnlineRecord]);
  }
  const after = memoryWithoutGarbage();
  if (store.read(tenantId, ['customer-0'])[0] === undefined) throw new Error('The records are not held');
  return { before, after, json };
});
