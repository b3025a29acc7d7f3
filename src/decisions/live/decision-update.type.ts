import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { CursorScalar, DateTimeScalar } from '../../graphql/scalars.js';
import { DecisionType } from '../decision.type.js';
import type { DecisionView } from '../decision-view.js';
import { causeKinds, type CauseKind } from './decision-update.js';

const CauseKindEnum = Object.fromEntries(causeKinds.map(kind => [kind, kind]));
registerEnumType(CauseKindEnum, { name: 'CauseKind' });

@ObjectType('Cause', { simpleResolvers: true, description: 'What made Attune decide again.' })
export class CauseType {
  @Field(() => CauseKindEnum)
  kind!: CauseKind;

  @Field(() => String, { nullable: true, description: 'Name or id of what changed; null where nothing single did.' })
  subject!: string | null;

  @Field(() => DateTimeScalar)
  changedAt!: Date;
}

@ObjectType('DecisionUpdate', { simpleResolvers: true })
export class DecisionUpdateType {
  @Field(() => CursorScalar, { description: 'Give it as `after` to go on from here in a new connection.' })
  cursor!: string;

  @Field(() => DecisionType)
  decision!: DecisionView;

  @Field(() => CauseType, { description: 'The first one has INITIAL; RESUMED_WITH_GAP where changes may have been missed.' })
  cause!: CauseType;
}
