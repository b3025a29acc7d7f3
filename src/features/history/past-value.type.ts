import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { FeatureValue } from '../../customers/online-record.js';
import { DateTimeScalar, JsonScalar } from '../../graphql/scalars.js';
import { pastSources, pastStatuses, type PastSource, type PastStatus, type PastValue } from './point-in-time.js';

const PastStatusEnum = Object.fromEntries(pastStatuses.map(it => [it, it])) as { readonly [K in PastStatus]: K };
registerEnumType(PastStatusEnum, {
  name: 'PastFeatureStatus',
  valuesConfig: {
    KNOWN: { description: 'There was this value.' },
    MISSING: { description: 'There was no value.' },
    DEFAULTED: { description: 'There was no value; the default stood for it.' },
    FORGOTTEN: { description: 'It was set from outside, and is older than the history that is kept.' },
  },
});

const PastSourceEnum = Object.fromEntries(pastSources.map(it => [it, it])) as { readonly [K in PastSource]: K };
registerEnumType(PastSourceEnum, {
  name: 'PastFeatureSource',
  valuesConfig: {
    HISTORY: { description: 'As it was kept.' },
    LOG: { description: 'Counted again from the events that had been received by then.' },
  },
});

@ObjectType('PastFeature', { simpleResolvers: true, description: 'A feature as it could be read at an earlier time.' })
export class PastFeatureType implements PastValue {
  @Field(() => ID)
  name!: string;

  @Field(() => JsonScalar, { nullable: true })
  value!: FeatureValue | null;

  @Field(() => PastStatusEnum)
  status!: PastStatus;

  @Field(() => PastSourceEnum, { nullable: true })
  source!: PastSource | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That the value was computed for.' })
  at!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Of the definition that gave the value.' })
  version!: number | null;
}
