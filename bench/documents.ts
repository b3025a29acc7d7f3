const item = '{ id type title category tags }';
/** What the floors answer too. */
const fields = `{
  id customerId selectedContent ${item} alternativeOptions ${item} confidenceScore propensity explorationUsed reasoning level latencyMs
}`;

export const personalizeDocument = `query ($customerId: ID!) { personalize(customerId: $customerId) ${fields} }`;
export const personalizeManyDocument = `query ($customerIds: [ID!]!) { personalizeMany(customerIds: $customerIds) ${fields} }`;
export const decisionUpdatesDocument = `subscription ($customerId: ID!, $placement: ID) {
  decisionUpdates(customerId: $customerId, placement: $placement) { cursor cause { kind subject changedAt } decision ${fields} }
}`;
