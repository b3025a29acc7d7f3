import path from 'node:path';

const folder = path.join(import.meta.dirname, '../prisma');

// For Prisma's command line; the server applies the migrations by itself. `prisma migrate status --config .ci/prisma.config.mjs` reads DATABASE_URL.
export default {
  schema: path.join(folder, 'schema.prisma'),
  migrations: { path: path.join(folder, 'migrations') },
  datasource: { url: process.env.DATABASE_URL ?? '' },
};
