import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Values of each label: few and known beforehand, since each set of labels costs memory, and time at every scrape. */
const decisionLevels = ['FULL', 'STALE_FEATURES', 'NO_MODEL', 'RULES_ONLY', 'DEFAULT'] as const;
const alertKinds = ['featureLimit', 'featureRolledBack'] as const;

/** What this process has counted since its start, and the text of it for Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #impressions = this.#counter('personalization_conversion_attempts_total', 'Decisions that were seen by their customer');
  readonly #conversions = this.#counter('personalization_conversions_total', 'Conversions after a decision, each counted once');
  readonly #conversionValue = this.#counter('personalization_conversion_value', 'Sum of the values of the conversions');
  #seen = 0;
  #converted = 0;

  /** In milliseconds. */
  readonly decisionLatency = new Histogram({
    name: 'personalization_decision_latency_ms',
    help: 'Milliseconds from the request for a decision to its answer',
    buckets: [0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 35, 50, 80, 150, 500],
    registers: [this.#registry],
  });

  readonly alerts: { inc(labels: { readonly kind: (typeof alertKinds)[number] }): void };
  readonly decisions: { inc(labels: { readonly level: (typeof decisionLevels)[number] }): void };

  constructor() {
    const decisions = new Counter({
      name: 'personalization_decisions_total',
      help: 'Decisions that were answered, by the level at which they were made',
      labelNames: ['level'],
      registers: [this.#registry],
    });
    for (const level of decisionLevels) decisions.inc({ level }, 0);
    this.decisions = decisions;
    const alerts = new Counter({ name: 'personalization_alerts_total', help: 'Alerts that were raised by this process', labelNames: ['kind'], registers: [this.#registry] });
    for (const kind of alertKinds) alerts.inc({ kind }, 0);
    this.alerts = alerts;
    this.watch('personalization_conversion_rate', 'Conversions for each decision that was seen', () => (this.#seen === 0 ? 0 : this.#converted / this.#seen));
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Decisions whose first impression has become known. */
  countImpressions(count: number): void {
    this.#seen += count;
    this.#impressions.inc(count);
  }

  /** @param value what the conversions are worth together, at least 0 */
  countConversions(count: number, value: number): void {
    this.#converted += count;
    this.#conversions.inc(count);
    this.#conversionValue.inc(value);
  }

  /** A gauge that is read at each scrape. */
  watch(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }
}
