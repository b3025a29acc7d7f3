import type { HttpRoutes } from '../graphql/http-route.js';
import { requireCustomer } from '../graphql/principal.js';
import { parsePersonalizeBody } from './ask.schema.js';
import { DecisionView } from './decision-view.js';
import type { Personalizer } from './personalizer.js';

/** The REST twin of `personalize`, for clients without GraphQL. Faults go to the server's error handler. */
export function decisionRoutes(personalizer: Personalizer): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.post('/api/v1/personalize', async request => {
      const { principal } = await contextOf(request);
      const ask = parsePersonalizeBody(request.body);
      requireCustomer(principal, ask.customerId);
      const [decided] = await personalizer.decide(principal.tenantId, [ask]);
      if (decided === undefined) throw new Error('One ask has one decision');
      const view = new DecisionView(decided);
      return {
        decisionId: view.id,
        selectedItem: view.selectedContent,
        confidenceScore: view.confidenceScore,
        propensity: view.propensity,
        level: view.level,
        reasoning: view.reasoning,
        latencyMs: view.latencyMs,
        alternativeOptions: view.alternativeOptions,
      };
    });
  };
}
