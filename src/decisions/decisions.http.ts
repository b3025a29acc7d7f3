import type { Item } from '../content/item.js';
import type { HttpRoutes } from '../graphql/http-route.js';
import { requireCustomer } from '../graphql/principal.js';
import { parsePersonalizeBody } from './ask.schema.js';
import { DecisionView } from './decision-view.js';
import type { Personalizer } from './personalizer.js';

/** The REST twin of `personalize`, for clients without GraphQL. Faults go to the server's error handler. */
export function decisionRoutes(personalizer: Personalizer): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.post('/api/v1/personalize', async (request, reply) => {
      const { principal } = await contextOf(request);
      const ask = parsePersonalizeBody(request.body);
      requireCustomer(principal, ask.customerId);
      const [decided] = await personalizer.decide(principal.tenantId, [ask]);
      if (decided === undefined) throw new Error('One ask has one decision');
      void reply.type('application/json; charset=utf-8');
      return bodyOf(new DecisionView(decided));
    });
  };
}

/** The text of an item is the larger part of an answer, and the same in all of them. */
const texts = new WeakMap<Item, string>();

function textOf(item: Item): string {
  let text = texts.get(item);
  if (text === undefined) {
    text = JSON.stringify(item);
    texts.set(item, text);
  }
  return text;
}

function bodyOf({ id, selectedContent, confidenceScore, propensity, level, reasoning, latencyMs, alternativeOptions }: DecisionView): string {
  const selected = selectedContent === null ? 'null' : textOf(selectedContent);
  return `{"decisionId":"${id}","selectedItem":${selected},"confidenceScore":${confidenceScore},"propensity":${propensity},"level":"${level}",`
    + `"reasoning":${JSON.stringify(reasoning)},"latencyMs":${latencyMs},"alternativeOptions":[${alternativeOptions.map(textOf).join(',')}]}`;
}
