import { Readable } from 'node:stream';
import { ByteWriter, parquetWriteRows, type BasicType } from 'hyparquet-writer';
import type { HttpRoutes } from '../../graphql/http-route.js';
import { requireRole } from '../../graphql/principal.js';
import { csvRows } from './csv-rows.js';
import { parseTrainingSet } from './training-set.schema.js';
import type { ColumnType, TrainingSet, TrainingSets } from './training-set.js';

/** Streams training sets: what has been sent is not held, so that they may be of any length. */
export function trainingSetRoutes(sets: TrainingSets): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.get('/api/v1/training-set', async (request, reply) => {
      const { principal } = await contextOf(request);
      requireRole(principal, 'server', 'admin');
      const { format, ...asked } = parseTrainingSet(request.query);
      const set = await sets.open(principal.tenantId, asked);
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/vnd.apache.parquet')
        .send(Readable.from(format === 'csv' ? csvRows(set) : parquetBytes(set)));
    });
  };
}

const parquetTypes = { number: 'DOUBLE', string: 'STRING', boolean: 'BOOLEAN', strings: 'JSON', time: 'TIMESTAMP' } as const satisfies Record<ColumnType, BasicType>;
const rowsInGroup = 5000;

/** One row group after the other is written when it is asked for. */
async function* parquetBytes({ columns, rows }: TrainingSet): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const parts: Uint8Array[] = [];
  let wake: () => void = () => undefined;
  let taken: () => void = () => undefined;
  const pass = (): Promise<void> => {
    parts.push(writer.getBytes().slice());
    writer.index = 0;
    wake();
    return new Promise(resolve => { taken = resolve; });
  };
  let failure: Error | undefined;
  let isDone = false;
  const writing = Promise.resolve(parquetWriteRows({
    writer: Object.assign(writer, { flush: pass }),
    rows,
    columns: columns.map(({ name, type }) => ({ name, type: parquetTypes[type], nullable: true })),
    rowGroupSize: rowsInGroup,
    createdBy: 'attune',
  })).catch((error: unknown) => { failure = error instanceof Error ? error : new Error('A training set could not be written', { cause: error }); }).finally(() => {
    isDone = true;
    wake();
  });
  for (;;) {
    const part = parts.shift();
    if (part !== undefined) {
      yield part;
      taken();
      continue;
    }
    if (isDone as boolean) break;
    await new Promise<void>(resolve => { wake = resolve; });
  }
  await writing;
  if (failure !== undefined) throw failure;
  yield writer.getBytes().slice();
}
