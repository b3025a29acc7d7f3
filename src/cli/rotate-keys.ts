import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { progress, type Terminal } from './terminal.js';

const fields = 'masterKey total done';
const start = `mutation RotateKeys { it: rotateKeys { ${fields} } }`;
const look = `query KeyRotation { it: keyRotation { ${fields} } }`;
const rotationSchema = z.object({ it: z.object({ masterKey: z.string(), total: z.number(), done: z.number() }) });
export type RotationReport = z.infer<typeof rotationSchema>['it'];

const everyMs = 250;
/** Without a key wrapped for this long, the server has failed. */
const patienceMs = 30_000;

/**
 * Has all keys wrapped by the newest master key, and waits until they are.
 * @throws CommandFailed where it does not go on
 */
export async function rotateKeys(client: Client, terminal: Terminal): Promise<RotationReport> {
  const ask = async (document: string): Promise<RotationReport> => rotationSchema.parse(await client.request(document, {})).it;
  let it = await ask(start);
  const bar = progress(terminal, 'wrapped', it.total, 'keys');
  bar.advance(it.done);
  try {
    for (let still = 0; it.done < it.total; ) {
      await sleep(everyMs);
      const next = await ask(look);
      still = next.done > it.done ? 0 : still + everyMs;
      if (still >= patienceMs) throw new CommandFailed(`It does not go on after ${next.done} of ${next.total} keys; the server's log says why. Run it again to go on.`);
      bar.advance(Math.max(0, next.done - it.done));
      it = next;
    }
  } finally {
    bar.end();
  }
  return it;
}
