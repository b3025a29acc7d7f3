import type { Json } from '../kernel/json.js';

/** A message, or the word that some may have been missed, after which what was heard of before must be read again. */
export type BusEvent = { readonly kind: 'message'; readonly message: Json } | { readonly kind: 'gap' };
export type BusHandler = (event: BusEvent) => void | Promise<void>;
export type Unsubscribe = () => void;

/** Carries word of changes between processes. Delivers at most once: whoever must not miss anything reads the truth after a gap. */
export interface Bus {
  /**
   * Resolves when the subscribers of this process have been called and awaited, and the others' copy is on its way.
   * @throws DependencyUnavailable where the others cannot be told; this process's subscribers have been
   */
  publish(topic: string, message: Json): Promise<void>;
  publishMany(entries: readonly { readonly topic: string; readonly message: Json }[]): Promise<void>;
  /** Resolves when the subscription is active or, while the others cannot be heard, at once: a gap is told when they can. A handler that throws harms nobody. */
  subscribe(topic: string, handler: BusHandler): Promise<Unsubscribe>;
  close(): Promise<void>;
}

export const configTopic = (tenantId: string): string => topic('config', tenantId);
export const posteriorTopic = (tenantId: string): string => topic('posterior', tenantId);
export const segmentTopic = (tenantId: string, segmentId: string): string => topic('segment', tenantId, segmentId);
export const alertTopic = (tenantId: string): string => topic('alert', tenantId);
export const erasureTopic = 'attune:erasures';
export const customerTopic = (tenantId: string, customerId: string): string => topic('customer', tenantId, customerId);

const topic = (...parts: readonly string[]): string => ['attune', ...parts.map(part => encodeURIComponent(JSON.stringify(part)))].join(':');
