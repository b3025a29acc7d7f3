import type { HttpRoutes } from '../graphql/http-route.js';
import type { OutcomeRecorder } from './outcome-recorder.js';
import { resultOf } from './outcome-result.js';
import { parseOutcomes, parseOutcomesBody } from './outcome.schema.js';

/** The REST twin of `recordOutcomes`, for clients without GraphQL. */
export function outcomeRoutes(recorder: OutcomeRecorder): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.post('/api/v1/outcomes', async request => {
      const { principal, startedAt } = await contextOf(request);
      return resultOf(await recorder.record(principal, parseOutcomes(parseOutcomesBody(request.body), startedAt), startedAt));
    });
  };
}
