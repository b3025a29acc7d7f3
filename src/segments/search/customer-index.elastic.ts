import { createHash } from 'node:crypto';
import { errors, type Client, type estypes } from '@elastic/elasticsearch';
import { customerDocumentMapping, documentOf, type CustomerDocument } from '../../conditions/customer-document.js';
import { toElastic } from '../../conditions/to-elastic.js';
import type { OnlineRecord } from '../../customers/online-record.js';
import { NotIndexed, type CustomerIndex, type Removal } from './customer-index.js';
import { defaultsOf, mostOverlaps, sampleSize, type Found, type Preview, type Question, type SearchPage } from './customer-search.js';

interface Document {
  readonly id: string;
}

const mappings: estypes.MappingTypeMapping = { dynamic: 'strict', properties: { ...customerDocumentMapping, id: { type: 'keyword' } } };
const settings: estypes.IndicesIndexSettings = { number_of_shards: 1, auto_expand_replicas: '0-1', refresh_interval: '1s' };
const viewLife = '2m';

/**
 * An index for each tenant, which searches find by one alias; one that is being built has another. A document's version is the customer's, so that
 * an older one that comes late changes nothing.
 */
export class ElasticCustomerIndex implements CustomerIndex {
  readonly #client: Client;
  readonly #newId: () => string;

  constructor(client: Client, newId: () => string) {
    this.#client = client;
    this.#newId = newId;
  }

  async begin(tenantId: string): Promise<void> {
    const index = `${aliasOf(tenantId)}-${this.#newId()}`;
    await this.#client.indices.create({ index, mappings, settings });
    const before = await this.#behind(buildingOf(tenantId));
    await this.#client.indices.updateAliases({ actions: [
      ...before.map(it => ({ remove_index: { index: it } })),
      { add: { index, alias: buildingOf(tenantId) } },
    ] });
  }

  async state(tenantId: string): Promise<'none' | 'building' | 'ready'> {
    if ((await this.#behind(buildingOf(tenantId))).length > 0) return 'building';
    return (await this.#behind(aliasOf(tenantId))).length > 0 ? 'ready' : 'none';
  }

  async write(tenantId: string, records: readonly OnlineRecord[]): Promise<void> {
    await this.#bulk(tenantId, index => records.flatMap(record => [
      { index: { _index: index, _id: idOf(record.customerId), version: record.version, version_type: 'external_gte' as const } },
      { id: record.customerId, ...documentOf(record) },
    ]));
  }

  async read(tenantId: string, customerIds: readonly string[]): Promise<readonly (CustomerDocument | undefined)[]> {
    const { docs } = await this.#asked(this.#client.mget<CustomerDocument>({ index: aliasOf(tenantId), ids: customerIds.map(idOf) }));
    return docs.map(it => {
      if (!('_source' in it)) return undefined;
      const { terms, segments } = it._source ?? { terms: [], segments: [] };
      return { terms, segments };
    });
  }

  async remove(tenantId: string, removals: readonly Removal[]): Promise<void> {
    // At once: what is gone is found no more when this resolves.
    await this.#bulk(tenantId, index => removals.map(({ customerId, version }) => (
      { delete: { _index: index, _id: idOf(customerId), version: version + 1, version_type: 'external_gte' as const } }
    )), true);
  }

  async finish(tenantId: string): Promise<void> {
    const [built, before] = await Promise.all([this.#behind(buildingOf(tenantId)), this.#behind(aliasOf(tenantId))]);
    if (built.length === 0) return;
    await this.#client.indices.refresh({ index: [...built] });
    await this.#client.indices.updateAliases({ actions: [
      ...built.flatMap(index => [{ add: { index, alias: aliasOf(tenantId) } }, { remove: { index, alias: buildingOf(tenantId) } }]),
      ...before.map(index => ({ remove_index: { index } })),
    ] });
  }

  async preview(tenantId: string, question: Question): Promise<Preview> {
    const [{ hits, aggregations }, { count: scanned }] = await this.#asked(Promise.all([
      this.#client.search<Document, { overlaps: estypes.AggregationsStringTermsAggregate }>({
        index: aliasOf(tenantId), query: queryOf(question), size: sampleSize, sort: [{ id: 'asc' }], _source: ['id'], track_total_hits: true,
        aggs: { overlaps: { terms: { field: 'segments', size: mostOverlaps, order: [{ _count: 'desc' }, { _key: 'asc' }] } } },
      }),
      this.#client.count({ index: aliasOf(tenantId) }),
    ]));
    const buckets = aggregations?.overlaps.buckets;
    return {
      count: typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0),
      scanned,
      sample: idsIn(hits),
      overlaps: (Array.isArray(buckets) ? buckets : []).map(({ key, doc_count: count }) => ({ segmentId: String(key), count })),
    };
  }

  async search(tenantId: string, question: Question, page: SearchPage): Promise<Found> {
    if (page.view !== undefined) {
      const found = await this.#page(question, page, page.view).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (found !== undefined) return found;
    }
    const { id } = await this.#asked(this.#client.openPointInTime({ index: aliasOf(tenantId), keep_alive: viewLife }));
    return this.#page(question, page, id);
  }

  async #page(question: Question, { first, after }: SearchPage, view: string): Promise<Found> {
    const { hits, pit_id: next } = await this.#client.search<Document>({
      pit: { id: view, keep_alive: viewLife }, query: queryOf(question), size: first, sort: [{ id: 'asc' }], _source: ['id'], track_total_hits: false,
      ...(after !== undefined && { search_after: [after] }),
    });
    const ids = idsIn(hits);
    return { ids, view: next ?? view };
  }

  /** To each index of the tenant. What is there in a newer version is refused, which is as it should be; anything else that is refused is a failure. */
  async #bulk(tenantId: string, operationsFor: (index: string) => readonly object[], refresh = false): Promise<void> {
    const targets = (await Promise.all([aliasOf(tenantId), buildingOf(tenantId)].map(it => this.#behind(it)))).flat();
    const operations = targets.flatMap(operationsFor);
    if (operations.length === 0) return;
    const { errors: hasErrors, items } = await this.#client.bulk({ operations, refresh });
    if (!hasErrors) return;
    const failed = items.flatMap(it => Object.values(it)).find(({ status }) => status >= 300 && status !== 409 && status !== 404);
    if (failed !== undefined) throw new Error(`Elasticsearch refused a document: ${failed.error?.type ?? String(failed.status)}`);
  }

  /** Indexes that the alias stands for. */
  async #behind(alias: string): Promise<readonly string[]> {
    try {
      return Object.keys(await this.#client.indices.getAlias({ name: alias }));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #asked<T>(search: Promise<T>): Promise<T> {
    try {
      return await search;
    } catch (error) {
      throw isMissing(error) ? new NotIndexed('The customers are not in the index yet') : error;
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof errors.ResponseError && error.statusCode === 404;

function queryOf(question: Question): estypes.QueryDslQueryContainer {
  const { condition, now, blind } = question;
  return { bool: { filter: [toElastic(condition, { now, blind, defaults: defaultsOf(question) })] } };
}

const idsIn = ({ hits }: estypes.SearchHitsMetadata<Document>): readonly string[] => hits.flatMap(it => (it._source === undefined ? [] : [it._source.id]));

/** Names of indexes have few characters, and ids of documents at most 512 bytes: digests have no such bounds. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const aliasOf = (tenantId: string): string => `attune-customers-${digestOf(tenantId).slice(0, 32)}`;
const buildingOf = (tenantId: string): string => `${aliasOf(tenantId)}-building`;
const idOf = (customerId: string): string => digestOf(customerId).slice(0, 40);
