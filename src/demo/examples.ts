const personalize = `# What to show this customer now, and why.
query Personalize($customer: ID!) {
  personalize(customerId: $customer) {
    id
    selectedContent { id title category }
    alternativeOptions { id title }
    propensity
    confidenceScore
    explorationUsed
    reasoning
    level
    latencyMs
    assignments { experimentId armId holdout }
    candidates { itemId score propensity dropped { code reason } }
  }
}`;

const watch = `# Stays open: a new decision comes when something that it rests on changes. Run "SetFeature" in the next tab meanwhile.
subscription Watch($customer: ID!) {
  decisionUpdates(customerId: $customer, placement: "product-recommendations") {
    cursor
    cause { kind subject changedAt }
    decision { id selectedContent { title category } propensity level }
  }
}`;

const setFeature = `mutation SetFeature($customer: ID!) {
  setFeatures(input: { customers: [{ customerId: $customer, values: [
    { name: "affinity_wine", value: 1 }
    { name: "affinity_running", value: 0 }
  ] }] }) { changedCustomers }
}`;

const customer = `# Who this is, and what is known.
query Customer($customer: ID!) {
  customer(id: $customer) {
    attributes
    segments { id name }
    features { name value status at }
  }
}`;

const outcomes = `# Reports that a decision was seen and clicked. Put the id of a decision in.
mutation Outcomes($decision: ID!) {
  recordOutcomes(input: [
    { id: "an-impression", decisionId: $decision, kind: IMPRESSION }
    { id: "a-click", decisionId: $decision, kind: CLICK }
  ]) { accepted duplicates receipts { status code } }
}`;

const replay = `# The same decision again from what was logged: identical, whatever has changed since.
query Replay($decision: ID!) {
  replayDecision(id: $decision) { identical logged { selectedContent { id } propensity } replayed { selectedContent { id } propensity } }
}`;

/** Operations that GraphiQL opens with: they work on the demo tenant as they are. */
export function demoExamples(customerId: string): readonly { readonly query: string; readonly variables: Readonly<Record<string, unknown>> }[] {
  const about = { customer: customerId };
  const decided = { decision: 'paste the id of a decision here' };
  return [
    { query: personalize, variables: about },
    { query: watch, variables: about },
    { query: setFeature, variables: about },
    { query: customer, variables: about },
    { query: outcomes, variables: decided },
    { query: replay, variables: decided },
  ];
}
