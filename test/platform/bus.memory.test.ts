import { MemoryBus } from '../../src/platform/bus.memory.js';
import { itBehavesLikeABus } from './bus.contract.js';

itBehavesLikeABus('MemoryBus', async () => {
  const failures: unknown[] = [];
  const bus = new MemoryBus(error => failures.push(error));
  return { bus, failures, close: () => bus.close() };
});
