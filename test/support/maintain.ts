import { Client } from 'pg';

/** Runs one statement on a connection of its own, to the server's maintenance database. */
export async function maintain(serverUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: Object.assign(new URL(serverUrl), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
