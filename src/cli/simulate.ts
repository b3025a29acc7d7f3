import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Item } from '../content/item.js';
import { datedItemId, dayOfItems } from '../demo/catalogue.js';
import type { DemoCustomer, Device } from '../demo/customers.js';
import { customerAt } from '../demo/history.js';
import { clickProbability } from '../demo/truth.js';
import { categoryFor, deviceOf } from '../demo/visits.js';
import { demoWorld, type DemoWorld } from '../demo/world.js';
import type { Random } from '../kernel/random.js';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { table, type Terminal } from './terminal.js';

export interface SimulationOptions {
  readonly visits: number;
  /** Visits a second. */
  readonly rate: number;
  readonly placement?: string | undefined;
  readonly random: Random;
}

/** What one way of deciding has got. All but the counts are true click probabilities, means over its visits. */
export interface PolicyResult {
  readonly policy: Policy;
  readonly visits: number;
  readonly clicks: number;
  readonly clickRate: number;
  readonly shown: number;
  /** Had chance chosen among what was eligible. */
  readonly uniform: number;
  /** Had the truth been known. */
  readonly best: number;
}

/** The last is where the model was asked and did not answer in time, or could not be asked. */
type Policy = 'model' | 'bandit' | 'editors' | 'no estimate';

const personalize = `query Visit($customerId: ID!, $placement: ID, $context: ContextInput) {
  personalize(customerId: $customerId, placement: $placement, context: $context) {
    id level selectedContent { id } versions { model posterior } candidates { itemId dropped { code } }
  }
}`;
const visitSchema = z.object({
  personalize: z.object({
    id: z.string(),
    level: z.string(),
    selectedContent: z.object({ id: z.string() }).nullable(),
    versions: z.object({ model: z.string().nullable(), posterior: z.number().nullable() }),
    candidates: z.array(z.object({ itemId: z.string(), dropped: z.object({ code: z.string() }).nullable() })),
  }),
});
type Answer = z.infer<typeof visitSchema>['personalize'];

const recordOutcomes = `mutation Result($outcomes: [OutcomeInput!]!) { recordOutcomes(input: $outcomes) { accepted } }`;
const ingestEvents = `mutation Browse($events: [EventInput!]!) { ingestEvents(input: $events) { accepted } }`;

const publishedAt = `query WorldTime($id: ID!) { content(id: $id) { publishedAt } }`;
const publishedSchema = z.object({ content: z.object({ publishedAt: z.string() }).nullable() });

const visitsAtOnce = 4;
const reportEveryMs = 2000;
/** Of the visits, those that go on to a page of something the customer likes, so that features change. */
const browsing = 0.3;

/**
 * Sends the demo's customers to the server, and reports what they click, as the demo's truth has it.
 * @throws CommandFailed where the server does not hold the demo shop
 */
export async function simulate(client: Client, options: SimulationOptions, terminal: Terminal): Promise<readonly PolicyResult[]> {
  const simulation = new Simulation(client, await worldOf(client), options);
  const started = Date.now();
  let next = 0;
  const come = async (): Promise<void> => {
    for (let i = next++; i < options.visits; i = next++) {
      await sleep(Math.max(0, started + (i * 1000) / options.rate - Date.now()));
      await simulation.visit();
    }
  };
  const reports = setInterval(() => { for (const line of describe(simulation.results())) terminal.out(line); }, reportEveryMs);
  try {
    await Promise.all(Array.from({ length: visitsAtOnce }, come));
  } finally {
    clearInterval(reports);
  }
  for (const line of describe(simulation.results())) terminal.out(line);
  return simulation.results();
}

/** The demo shop as the server has it, whose items are dated by the day of its first start. */
async function worldOf(client: Client): Promise<DemoWorld> {
  const { content } = publishedSchema.parse(await client.request(publishedAt, { id: datedItemId }));
  if (content === null) throw new CommandFailed('The server does not hold the demo shop, whose customers this simulates.');
  return demoWorld(dayOfItems(content.publishedAt));
}

function describe(results: readonly PolicyResult[]): readonly string[] {
  const rate = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const rows = results.map(it => [it.policy, String(it.visits), String(it.clicks), rate(it.clickRate), rate(it.shown), rate(it.uniform), rate(it.best)]);
  return [...table([['decided by', 'visits', 'clicks', 'clicked', 'expected', 'by chance', 'best possible'], ...rows]), ''];
}

class Simulation {
  readonly #client: Client;
  readonly #world: DemoWorld;
  readonly #items: ReadonlyMap<string, Item>;
  readonly #placement: string | undefined;
  readonly #random: Random;
  readonly #sums = new Map<Policy, { visits: number; clicks: number; shown: number; uniform: number; best: number }>();

  constructor(client: Client, world: DemoWorld, { placement, random }: SimulationOptions) {
    this.#client = client;
    this.#world = world;
    this.#items = new Map(world.items.map(it => [it.id, it]));
    this.#placement = placement;
    this.#random = random;
  }

  async visit(): Promise<void> {
    const at = Date.now();
    const customer = customerAt(this.#world, at, this.#random);
    const deviceType = deviceOf(customer, this.#random);
    const variables = { customerId: customer.id, placement: this.#placement, context: { deviceType } };
    const { personalize: answer } = visitSchema.parse(await this.#client.request(personalize, variables));
    const truth = (itemId: string): number => this.#truth(customer, itemId, { at, deviceType });
    const shown = answer.selectedContent === null ? 0 : truth(answer.selectedContent.id);
    const eligible = answer.candidates.filter(it => it.dropped === null).map(it => truth(it.itemId));
    const clicked = this.#random() < shown;
    this.#count(policyOf(answer), { clicked, shown, eligible });
    await this.#client.request(recordOutcomes, { outcomes: outcomesOf(answer.id, clicked, at) });
    if (this.#random() < browsing) await this.#client.request(ingestEvents, { events: [this.#pageView(customer, deviceType)] });
  }

  /** Somebody added things to the demo shop: nobody knows how likely they are to be clicked, so nobody does. */
  #truth(customer: DemoCustomer, itemId: string, visit: { readonly at: number; readonly deviceType: Device }): number {
    const item = this.#items.get(itemId);
    return item === undefined ? 0 : clickProbability(customer, item, visit);
  }

  #count(policy: Policy, { clicked, shown, eligible }: { readonly clicked: boolean; readonly shown: number; readonly eligible: readonly number[] }): void {
    const sums = this.#sums.get(policy) ?? { visits: 0, clicks: 0, shown: 0, uniform: 0, best: 0 };
    sums.visits += 1;
    sums.clicks += Number(clicked);
    sums.shown += shown;
    sums.uniform += eligible.reduce((sum, it) => sum + it, 0) / Math.max(1, eligible.length);
    sums.best += Math.max(0, ...eligible);
    this.#sums.set(policy, sums);
  }

  #pageView(customer: DemoCustomer, device: Device): object {
    const category = categoryFor(customer, this.#random);
    const properties = { url: `/${category}`, category, device, discounted: false };
    return { id: randomUUID(), customerId: customer.id, type: 'page_view', at: new Date().toISOString(), properties };
  }

  results(): readonly PolicyResult[] {
    return [...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([policy, { visits, clicks, shown, uniform, best }]) => ({
      policy,
      visits,
      clicks,
      clickRate: clicks / visits,
      shown: shown / visits,
      uniform: uniform / visits,
      best: best / visits,
    }));
  }
}

function policyOf({ level, versions }: Answer): Policy {
  if (versions.posterior !== null) return 'bandit';
  if (versions.model !== null) return 'model';
  return level === 'FULL' || level === 'STALE_FEATURES' ? 'editors' : 'no estimate';
}

function outcomesOf(decisionId: string, clicked: boolean, at: number): readonly object[] {
  const outcome = (kind: 'IMPRESSION' | 'CLICK', when: number): object => ({ id: `${decisionId} ${kind}`, decisionId, kind, at: new Date(when).toISOString() });
  return clicked ? [outcome('IMPRESSION', at), outcome('CLICK', at + 1)] : [outcome('IMPRESSION', at)];
}
