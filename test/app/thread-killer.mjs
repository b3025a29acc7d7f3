// Loaded into a server before it starts: from SIGUSR2 on its threads die as soon as they live, until the next SIGUSR2.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const threads = new Set();
  let isKilling = false;
  process.on('worker', thread => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
    if (isKilling) void thread.terminate();
  });
  process.on('SIGUSR2', () => {
    isKilling = !isKilling;
    process.stdout.write(isKilling ? `killing ${threads.size} threads\n` : 'threads may live\n');
    if (isKilling) for (const thread of threads) void thread.terminate();
  });
}
