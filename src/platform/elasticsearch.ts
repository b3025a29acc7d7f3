import { Client } from '@elastic/elasticsearch';
import { DependencyUnavailable } from '../kernel/errors.js';

const requestTimeoutMs = 10_000;
const probeTimeoutMs = 900;

export interface Elasticsearch {
  readonly client: Client;
  /** Whether the server answers now, and can serve. */
  probe(): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws DependencyUnavailable where the server does not answer; the message says what to do */
export async function connectElasticsearch(url: string): Promise<Elasticsearch> {
  const client = new Client({ node: url, requestTimeout: requestTimeoutMs, maxRetries: 0 });
  try {
    await client.cluster.health({}, { requestTimeout: requestTimeoutMs });
  } catch (cause) {
    await client.close();
    throw new DependencyUnavailable('Elasticsearch does not answer at ELASTICSEARCH_URL. Start it, or unset ELASTICSEARCH_URL to search customers in PostgreSQL.', { cause });
  }
  return {
    client,
    probe: () => client.cluster.health({}, { requestTimeout: probeTimeoutMs }).then(({ status }) => status !== 'red' && status !== 'RED', () => false),
    close: () => client.close(),
  };
}
