import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionTypeOf } from '../graphql/pagination.js';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import { eventTypeModes, type EventType, type EventTypeMode, type JsonObject } from './event-type.js';

const EventTypeModeEnum = Object.fromEntries(eventTypeModes.map(it => [it, it]));
registerEnumType(EventTypeModeEnum, {
  name: 'EventTypeMode',
  description: '`strict` refuses what does not fit the schema; `warn` takes it and says so; `learn` takes everything and notes what there is.',
});

@ObjectType('EventType', { simpleResolvers: true })
export class EventTypeType {
  @Field(() => ID)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => JsonScalar, { description: "JSON Schema (2020-12) of the events' properties." })
  schema!: Json;

  @Field(() => EventTypeModeEnum)
  mode!: EventTypeMode;

  @Field(() => [String], { description: 'What its events may be used for; without any, for everything.' })
  purposes!: readonly string[];

  @Field(() => Boolean, { description: 'False for those that are given, and for those that were only seen by way of *.' })
  isDefined!: boolean;

  @Field(() => JsonScalar, { nullable: true, description: 'A schema that all events fit that were seen in learn mode.' })
  learned!: Json;
}

@ObjectType('EventTypeVersion', { simpleResolvers: true, description: 'A type of events as it was, or is, defined.' })
export class EventTypeVersionType implements Omit<EventType, 'name' | 'purposes'> {
  @Field(() => Int, { description: 'From 1.' })
  version!: number;

  @Field(() => Int, { description: 'Version of the configuration that brought it.' })
  since!: number;

  @Field(() => String)
  description!: string;

  @Field(() => JsonScalar)
  schema!: JsonObject;

  @Field(() => EventTypeModeEnum)
  mode!: EventTypeMode;

  @Field(() => [String])
  purposes!: readonly string[];
}

@InputType('EventTypeInput')
export class EventTypeInput {
  @Field(() => ID, { description: 'Letters, digits and _ . : / -, or * for all types that have no definition.' })
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => JsonScalar, { nullable: true, description: "JSON Schema (2020-12) of the events' properties; without it, anything fits." })
  schema?: Json;

  @Field(() => EventTypeModeEnum)
  mode!: EventTypeMode;

  @Field(() => [String], { nullable: true })
  purposes?: readonly string[] | null;
}

@InputType()
export class DeleteEventTypeInput {
  @Field(() => ID)
  name!: string;
}

@ObjectType('UpsertEventTypePayload', { simpleResolvers: true })
export class UpsertEventTypePayload extends ChangePayload {
  @Field(() => EventTypeType)
  eventType!: EventTypeType;
}

@ObjectType('RejectedEvent', { simpleResolvers: true })
export class RejectedEventType {
  @Field(() => ID, { nullable: true, description: 'Of the event, where it could be read; likewise its customer and type.' })
  eventId!: string | null;

  @Field(() => ID, { nullable: true })
  customerId!: string | null;

  @Field(() => String, { nullable: true })
  type!: string | null;

  @Field(() => DateTimeScalar)
  receivedAt!: Date;

  @Field(() => String, { description: 'JSON pointer of what is wrong.' })
  pointer!: string;

  @Field(() => String)
  expected!: string;

  @Field(() => String)
  got!: string;

  @Field(() => String, { description: 'JSON of the event, as it was sent.' })
  body!: string;
}

export const RejectedEventConnectionType = connectionTypeOf('RejectedEvent', RejectedEventType);

@InputType()
export class ResendRejectedEventsInput {
  @Field(() => String, { nullable: true, description: 'Only events of this type.' })
  type?: string | null;

  @Field(() => [ID], { nullable: true, description: 'Only events with these ids.' })
  eventIds?: readonly string[] | null;
}

export function shownType(type: EventType, isDefined: boolean, learned: Json): EventTypeType {
  return { ...type, purposes: type.purposes ?? [], isDefined, learned };
}

export function shownVersion({ description, schema, mode, purposes }: EventType): Omit<EventTypeVersionType, 'version' | 'since'> {
  return { description, schema, mode, purposes: purposes ?? [] };
}
