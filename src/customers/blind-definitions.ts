import type { Json } from '../kernel/json.js';
import type { ChangeNote, ChangePlan, Definition, DefinitionChange, DefinitionKind, Definitions, LiveDefinitions } from '../tenants/definitions.js';
import { isBlindIndex, type TenantSecrets } from './keyring.js';
import type { Scalar } from './online-record.js';

/** What may compare attributes. */
export const kindsThatRead = ['segment', 'ruleSet', 'ruleSetDraft', 'experiment', 'model'] as const satisfies readonly DefinitionKind[];

type Fields = Readonly<Record<string, Json>>;

/** Asks for a tenant's secrets, which cannot be got while the transaction of a change is open. */
class SecretsNeeded extends Error {}

/**
 * Keeps of what personal attributes are compared with the blind index alone: neither a definition, nor its history, nor what is made from it ever
 * has the value. So does all that compares an attribute when it becomes personal, from that version on.
 */
export class BlindDefinitions implements Definitions {
  readonly #inner: Definitions;
  readonly #secretsOf: (tenantId: string) => Promise<TenantSecrets>;

  constructor(inner: Definitions, secretsOf: (tenantId: string) => Promise<TenantSecrets>) {
    this.#inner = inner;
    this.#secretsOf = secretsOf;
  }

  read(...args: Parameters<Definitions['read']>): ReturnType<Definitions['read']> {
    return this.#inner.read(...args);
  }

  find(...args: Parameters<Definitions['find']>): ReturnType<Definitions['find']> {
    return this.#inner.find(...args);
  }

  list(...args: Parameters<Definitions['list']>): ReturnType<Definitions['list']> {
    return this.#inner.list(...args);
  }

  past(...args: Parameters<Definitions['past']>): ReturnType<Definitions['past']> {
    return this.#inner.past(...args);
  }

  /** A plan is made anew where it turns out only by it that secrets are needed. */
  async change(tenantId: string, actor: string, changes: readonly DefinitionChange[] | ChangePlan, note?: ChangeNote): Promise<number> {
    const changed = (secrets?: TenantSecrets): Promise<number> => this.#inner.change(
      tenantId, actor, async live => blinded(typeof changes === 'function' ? await changes(live) : changes, live, secrets), note);
    try {
      return await changed();
    } catch (error) {
      if (!(error instanceof SecretsNeeded)) throw error;
      return changed(await this.#secretsOf(tenantId));
    }
  }
}

async function blinded(changes: readonly DefinitionChange[], live: LiveDefinitions, secrets: TenantSecrets | undefined): Promise<readonly DefinitionChange[]> {
  const declared = changes.filter(it => it.kind === 'attribute');
  const reading = changes.filter(it => (kindsThatRead as readonly DefinitionKind[]).includes(it.kind));
  if (declared.length + reading.length === 0) return changes;
  const before = personalIn(await live.all('attribute'));
  const now = personalIn(declared);
  const personal = new Set([...before, ...now]);
  const blind = (name: string, value: Scalar): Scalar => {
    if (!personal.has(name) || isBlindIndex(value)) return value;
    if (secrets === undefined) throw new SecretsNeeded();
    return secrets.blind(name, value);
  };
  const touched = new Set(changes.map(it => `${it.kind}/${it.id}`));
  const others = [...now].every(it => before.has(it)) ? [] : await readers(live);
  const also = others.filter(it => !touched.has(`${it.kind}/${it.id}`)).flatMap(({ kind, id, body }) => {
    const after = withBlind(body, blind);
    return JSON.stringify(after) === JSON.stringify(body) ? [] : [{ kind, id, body: after }];
  });
  return [...changes.map(it => (reading.includes(it) ? { ...it, body: withBlind(it.body, blind) } : it)), ...also];
}

async function readers(live: LiveDefinitions): Promise<readonly Definition[]> {
  const all: Definition[] = [];
  for (const kind of kindsThatRead) all.push(...(await live.all(kind)));
  return all;
}

const personalIn = (attributes: readonly { readonly id: string; readonly body: Json | null }[]): ReadonlySet<string> =>
  new Set(attributes.flatMap(({ id, body }) => (fieldsOf(body)?.['personal'] === true ? [id] : [])));

/** A copy in which each comparison of an attribute, however deep, is with what `blind` makes of its value. */
function withBlind(body: Json, blind: (name: string, value: Scalar) => Scalar): Json {
  if (Array.isArray(body)) return body.map((it: Json) => withBlind(it, blind));
  const fields = fieldsOf(body);
  if (fields === undefined) return body;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => {
    const comparison = key === 'attribute' ? fieldsOf(value) : undefined;
    const { name, operator, value: wanted } = comparison ?? {};
    if (typeof name !== 'string' || operator === 'exists' || wanted === undefined || wanted === null) return [key, withBlind(value, blind)];
    const blindOne = (it: Json): Json => (typeof it === 'object' ? it : blind(name, it));
    return [key, { ...comparison, value: Array.isArray(wanted) ? wanted.map(blindOne) : blindOne(wanted) }];
  }));
}

const fieldsOf = (body: Json): Fields | undefined => (typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : undefined);
