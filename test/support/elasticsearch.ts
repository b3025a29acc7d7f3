import { describe } from '@jest/globals';

/** The run's real Elasticsearch, started when the first file that imports this asks for it; undefined where none can be had. */
const url = await ask();

/** Tests against it. Use indexes of random names: other files use the same server. */
export function describeWithElasticsearch(name: string, tests: (url: string) => void): void {
  if (url === undefined) describe.skip(`${name} (no Elasticsearch can be had)`, () => { tests(''); });
  else describe(name, () => { tests(url); });
}

async function ask(): Promise<string | undefined> {
  const response = await fetch(process.env['TEST_ELASTICSEARCH_STARTER'] ?? '', { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === '' ? undefined : text;
}
