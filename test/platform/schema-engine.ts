import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import type { Pool } from 'pg';

const charOid = 18;
const textOid = 25;

/** Prisma's own schema engine, the part of its command line that knows migrations, on the database of `pool`. It works without a network. */
export async function schemaEngine(pool: Pool, schema: string): Promise<SchemaEngine> {
  const Engine = await loading;
  return Engine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, bindMigrationAwareSqlAdapterFactory(new CatalogueAdapter(pool)));
}

const loading = load();

/** Once for a process: the bindings know one instance. Its own entry needs a flag of Node. */
async function load(): Promise<typeof SchemaEngine> {
  const wasm = path.join(path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')), 'schema_engine_bg.wasm');
  const { instantiate } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
  const { instance } = await instantiate(readFileSync(wasm), { './schema_engine_bg.js': bindings });
  const { __wbg_set_wasm: use, SchemaEngine: Engine } = bindings as unknown as Bindings;
  use(instance.exports);
  instance.exports.__wbindgen_start();
  return Engine;
}

/** What is used here of the WebAssembly that Node's type definitions leave out. */
interface WebAssemblyApi {
  readonly instantiate: (bytes: Uint8Array, imports: object) => Promise<{ readonly instance: { readonly exports: { readonly __wbindgen_start: () => void } } }>;
}

interface Bindings {
  readonly __wbg_set_wasm: (exports: object) => void;
  readonly SchemaEngine: typeof SchemaEngine;
}

/** The adapter refuses PostgreSQL's "char", of which its catalogue is full and which the engine wants as a character. */
class CatalogueAdapter extends PrismaPg {
  readonly #isChar: () => readonly boolean[];

  constructor(pool: Pool) {
    let isChar: readonly boolean[] = [];
    const query = pool.query.bind(pool) as (statement: unknown) => Promise<{ fields: { dataTypeID: number }[] }>;
    const watched = Object.assign(Object.create(pool) as Pool, {
      query: async (statement: unknown) => {
        const result = await query(statement);
        isChar = result.fields.map(it => it.dataTypeID === charOid);
        for (const field of result.fields) if (field.dataTypeID === charOid) field.dataTypeID = textOid;
        return result;
      },
    });
    super(watched);
    this.#isChar = () => isChar;
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async statement => {
      const result = await queryRaw(statement);
      return { ...result, columnTypes: result.columnTypes.map((type, i) => (this.#isChar()[i] === true ? ColumnTypeEnum.Character : type)) };
    };
    return adapter;
  }
}
