import { Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { RebuildStatus, RebuildTarget } from './rebuild.js';

const RebuildTargetEnum = { REDIS: 'REDIS', ELASTICSEARCH: 'ELASTICSEARCH' };
registerEnumType(RebuildTargetEnum, { name: 'RebuildTarget', description: 'REDIS: the online records and the sets of members; ELASTICSEARCH: the index of customers.' });
const RebuildStateEnum = { RUNNING: 'RUNNING', DONE: 'DONE', FAILED: 'FAILED' };
registerEnumType(RebuildStateEnum, { name: 'RebuildState' });

@InputType('RebuildInput')
export class RebuildInput {
  @Field(() => [RebuildTargetEnum], { nullable: true, description: 'All that is configured by default.' })
  targets?: RebuildTarget[] | null;
}

@ObjectType('Rebuild', { simpleResolvers: true })
export class RebuildType {
  @Field(() => RebuildTargetEnum)
  target!: RebuildTarget;

  @Field(() => RebuildStateEnum)
  state!: RebuildStatus['state'];

  @Field(() => Int, { description: 'Customers.' })
  done!: number;

  @Field(() => Int)
  total!: number;

  @Field(() => String, { nullable: true, description: 'Of the truth, read when it was done: the same as the other where no customer changed between.' })
  truthDigest!: string | null;

  @Field(() => String, { nullable: true })
  rebuiltDigest!: string | null;
}

@ObjectType('RebuildPayload', { simpleResolvers: true })
export class RebuildPayload {
  @Field(() => [RebuildType])
  rebuilds!: readonly RebuildType[];
}
