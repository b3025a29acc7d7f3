/** `degraded`: it works, poorer than it should. */
export type HealthStatus = 'up' | 'degraded' | 'down';

export interface PartHealth {
  /** For example "database". */
  readonly name: string;
  /** Where or as what it runs, for example "embedded PostgreSQL 18" or "in this process"; no address that holds a password. */
  readonly runsAs: string;
  readonly status: HealthStatus;
}

export interface HealthReport {
  /** The worst of the parts. */
  readonly status: HealthStatus;
  readonly parts: readonly PartHealth[];
}

export interface HealthSource {
  readonly name: string;
  readonly runsAs: string;
  /** Answers whether the part works now; a rejection or a late answer means that it is down. Makes no decision. */
  check(): Promise<HealthStatus>;
}

const checkTimeoutMs = 1000;

/** Who works, and as what. Parts report to it when they start. */
export class Health {
  readonly #sources: HealthSource[] = [];

  add(source: HealthSource): void {
    this.#sources.push(source);
  }

  /** Asks all parts at once; takes a second at most. */
  async report(): Promise<HealthReport> {
    const parts = await Promise.all(this.#sources.map(async source => ({ name: source.name, runsAs: source.runsAs, status: await statusOf(source) })));
    return { status: worst(parts), parts };
  }
}

async function statusOf(source: HealthSource): Promise<HealthStatus> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthStatus>(resolve => {
    timer = setTimeout(resolve, checkTimeoutMs, 'down');
  });
  try {
    return await Promise.race([source.check(), late]);
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}

function worst(parts: readonly PartHealth[]): HealthStatus {
  if (parts.some(it => it.status === 'down')) return 'down';
  return parts.some(it => it.status === 'degraded') ? 'degraded' : 'up';
}
