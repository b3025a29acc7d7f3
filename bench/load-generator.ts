import autocannon from 'autocannon';
import { answerQuestions } from './child.js';

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn; each connection has its own share of them. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Answers with a status of 200 to 299. */
  readonly answers: number;
  /** All else: other statuses, broken connections, silence. */
  readonly failures: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly bytesOfAnswer: number;
}

async function run({ url, headers, bodies, connections, seconds }: Load): Promise<LoadResult> {
  const { pathname } = new URL(url);
  const requests = bodies.map(body => ({ method: 'POST' as const, path: pathname, headers: { 'content-type': 'application/json', ...headers }, body }));
  let client = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    setupClient: it => {
      const own = requests.filter((_, i) => i % connections === client);
      client += 1;
      if (own.length > 0) it.setRequests(own);
    },
  });
  const answers = result['2xx'];
  return {
    perSecond: answers / result.duration,
    answers,
    failures: result.non2xx + result.errors + result.timeouts,
    p50: result.latency.p50,
    p99: result.latency.p99,
    bytesOfAnswer: result.throughput.total / Math.max(1, answers),
  };
}

answerQuestions(run);
