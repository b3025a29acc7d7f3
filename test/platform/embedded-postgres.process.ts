import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.js';

/** Starts the embedded PostgreSQL in the folder that it is given, says where, and stays until it is killed. */
const { url } = await startEmbeddedPostgres({ folder: process.argv[2] ?? '' });
process.stdout.write(`${url}\n`);
setInterval(() => undefined, 1000);
