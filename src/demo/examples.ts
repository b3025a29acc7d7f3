/** Operations that GraphiQL opens with: they work on the demo tenant as they are. */
export function demoExamples(customerId: string): readonly { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> }[] {
  const variables = { customer: customerId };
  return [
    {
      query: `# What to show this customer now, and why.
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
}`,
      variables,
    },
    {
      query: `# Stays open: a new decision comes when something that it rests on changes. Run "SetFeature" in the next tab meanwhile.
subscription Watch($customer: ID!) {
  decisionUpdates(customerId: $customer, placement: "product-recommendations") {
    cursor
    cause { kind subject changedAt }
    decision { id selectedContent { title category } propensity level }
  }
}`,
      variables,
    },
    {
      query: `mutation SetFeature($customer: ID!) {
  setFeatures(input: { customers: [{ customerId: $customer, values: [
    { name: "affinity_wine", value: 1 }
    { name: "affinity_running", value: 0 }
  ] }] }) { changedCustomers }
}`,
      variables,
    },
    {
      query: `# Who this is, and what is known.
query Customer($customer: ID!) {
  customer(id: $customer) {
    attributes
    segments { id name }
    features { name value status at }
  }
}`,
      variables,
    },
    {
      query: `# Reports that a decision was seen and clicked. Put the id of a decision in.
mutation Outcomes($decision: ID!) {
  recordOutcomes(input: [
    { id: "an-impression", decisionId: $decision, kind: IMPRESSION }
    { id: "a-click", decisionId: $decision, kind: CLICK }
  ]) { accepted duplicates receipts { status code } }
}`,
      variables: { decision: 'paste the id of a decision here' },
    },
    {
      query: `# The same decision again from what was logged: identical, whatever has changed since.
query Replay($decision: ID!) {
  replayDecision(id: $decision) { identical logged { selectedContent { id } propensity } replayed { selectedContent { id } propensity } }
}`,
      variables: { decision: 'paste the id of a decision here' },
    },
  ];
}
