import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { rejectionCodes, type Receipt, type RejectionCode } from './outcome.js';

const statuses: Readonly<Record<Uppercase<Receipt['status']>, Receipt['status']>> = { ACCEPTED: 'accepted', DUPLICATE: 'duplicate', REJECTED: 'rejected' };
registerEnumType(statuses, {
  name: 'OutcomeStatus',
  valuesConfig: {
    ACCEPTED: { description: 'Committed.' },
    DUPLICATE: { description: 'An outcome of this id was accepted before; this one changes nothing.' },
    REJECTED: { description: '`code` says why.' },
  },
});

const codes = Object.fromEntries(rejectionCodes.map(code => [code, code]));
registerEnumType(codes, {
  name: 'OutcomeRejection',
  valuesConfig: {
    INVALID_INPUT: { description: 'It is not as an outcome has to be: ids, time, or a value that is negative or of no conversion.' },
    UNKNOWN_DECISION: { description: 'There is no such decision.' },
    FORBIDDEN: { description: "Not a decision of the browser token's customer." },
  },
});

@ObjectType('OutcomeReceipt', { simpleResolvers: true })
export class OutcomeReceiptType {
  @Field(() => statuses)
  status!: Receipt['status'];

  @Field(() => codes, { nullable: true })
  code!: RejectionCode | null;
}

@ObjectType('OutcomeResult', { simpleResolvers: true, description: 'What became of the outcomes. One that is rejected keeps no other back.' })
export class OutcomeResultType {
  @Field(() => Int)
  accepted!: number;

  @Field(() => Int)
  duplicates!: number;

  @Field(() => Int)
  rejected!: number;

  @Field(() => [OutcomeReceiptType], { description: 'One for each outcome, in the order in which they were sent.' })
  receipts!: readonly Receipt[];
}
