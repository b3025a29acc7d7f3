import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../graphql/scalars.js';
import { moveCauses, moves, type MoveCause } from './segment-change.js';

const SegmentMoveEnum = Object.fromEntries(moves.map(it => [it, it]));
registerEnumType(SegmentMoveEnum, { name: 'SegmentMove', description: 'GAP: some changes may have been missed; read the members again.' });
const MoveCauseKindEnum = Object.fromEntries(moveCauses.map(it => [it, it]));
registerEnumType(MoveCauseKindEnum, { name: 'SegmentCauseKind', description: 'CUSTOMER: they came to be known; DEFINITION: the segment, or a feature, was defined anew; LIST: they were put on it or taken off.' });

@ObjectType('SegmentCause', { simpleResolvers: true, description: 'Why a customer entered or left.' })
export class MoveCauseType implements MoveCause {
  @Field(() => MoveCauseKindEnum)
  kind!: MoveCause['kind'];

  @Field(() => String, { nullable: true, description: 'Name or id of what changed, of a behaviour the type of the event; null where nothing single did.' })
  subject!: string | null;
}

@ObjectType('SegmentChange', { simpleResolvers: true })
export class SegmentChangeType {
  @Field(() => SegmentMoveEnum)
  move!: (typeof moves)[number];

  @Field(() => ID, { nullable: true, description: 'Null of a gap.' })
  customerId!: string | null;

  @Field(() => MoveCauseType, { nullable: true, description: 'Null of a gap.' })
  cause!: MoveCause | null;

  @Field(() => DateTimeScalar)
  changedAt!: Date;
}
