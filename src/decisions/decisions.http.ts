import { z } from 'zod';
import type { HttpRoutes } from '../graphql/http-route.js';
import { requireCustomer } from '../graphql/principal.js';
import { parseBody } from '../tenants/body.schema.js';
import { parseAsk } from './ask.schema.js';
import { DecisionView } from './decision-view.js';
import type { Personalizer } from './personalizer.js';

const body = z.strictObject({
  customerId: z.unknown(),
  placement: z.unknown().optional(),
  availableItems: z.unknown().optional(),
  context: z.unknown().optional(),
});

/** The REST twin of `personalize`, for clients without GraphQL. Faults go to the server's error handler. */
export function decisionRoutes(personalizer: Personalizer): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.post('/api/v1/personalize', async request => {
      const { principal } = await contextOf(request);
      const { customerId, placement, availableItems, context } = parseBody(body, request.body);
      const ask = parseAsk({ customerId, placementId: placement, items: availableItems, context });
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
