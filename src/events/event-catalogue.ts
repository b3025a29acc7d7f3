import type { CustomerEvent, EventFault, ParsedEvent } from './event.js';
import { anyEventType, givenEventTypes, propertiesOf, type CheckProperties, type EventType, type JsonObject, type LearnedProperty } from './event-type.js';

interface CompiledType {
  readonly type: EventType;
  readonly check: CheckProperties;
}

/** A tenant's event types at one version of its configuration. */
export class EventCatalogue {
  readonly #types: ReadonlyMap<string, CompiledType>;

  /** @param defined by the tenant: each takes the place of a given one of its name */
  constructor(defined: readonly EventType[], compile: (schema: JsonObject) => CheckProperties) {
    const byName = new Map([...givenEventTypes, ...defined].map(it => [it.name, it]));
    this.#types = new Map([...byName].map(([name, type]) => [name, { type, check: compile(type.schema) }]));
  }

  /** Refuses, warns or lets pass, as the event's type says. */
  judge(event: CustomerEvent): ParsedEvent {
    const found = this.#types.get(event.type) ?? this.#types.get(anyEventType);
    if (found === undefined) return { id: event.id, pointer: '/type', expected: this.#expected, got: 'text' };
    if (found.type.mode === 'learn') return { event };
    const mismatch = found.check(event.properties);
    if (mismatch === undefined) return { event };
    return found.type.mode === 'strict' ? { id: event.id, ...mismatch } satisfies EventFault : { event, warning: mismatch };
  }

  /** What there is to be noted of these events. */
  toLearn(events: readonly CustomerEvent[]): readonly LearnedProperty[] {
    return events
      .filter(({ type }) => (this.#types.get(type) ?? this.#types.get(anyEventType))?.type.mode === 'learn')
      .flatMap(({ type, properties }) => propertiesOf(type, properties));
  }

  get #expected(): string {
    const names = [...this.#types.keys()].sort();
    const most = 20;
    return `one of ${names.slice(0, most).join(', ')}${names.length > most ? ' …' : ''}`;
  }
}
