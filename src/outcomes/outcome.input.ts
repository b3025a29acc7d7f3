import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../graphql/scalars.js';
import type { OutcomeKind } from './outcome.js';

const kinds: Readonly<Record<Uppercase<OutcomeKind>, OutcomeKind>> = { IMPRESSION: 'impression', CLICK: 'click', CONVERSION: 'conversion' };
registerEnumType(kinds, {
  name: 'OutcomeKind',
  valuesConfig: {
    IMPRESSION: { description: 'The customer has seen what was decided: the trial that learning counts.' },
    CLICK: { description: 'A reward of 1.' },
    CONVERSION: { description: 'A reward of 1, with a value where there is one.' },
  },
});

/** Comes in as text, which keeps cents exact on the way, or as a number. Its range is checked with the rest of the input. */
const AmountScalar = new GraphQLScalarType<string | number, string>({
  name: 'Amount',
  description: 'An amount of money, as a decimal text: "49.90".',
  serialize: String,
  parseValue: amount,
  parseLiteral: node => amount(node.kind === Kind.STRING ? node.value : node.kind === Kind.INT || node.kind === Kind.FLOAT ? Number(node.value) : undefined),
});

function amount(value: unknown): string | number {
  if (typeof value !== 'string' && typeof value !== 'number') throw new GraphQLError('Amount cannot represent this value.');
  return value;
}

@InputType('OutcomeInput', { description: 'What came of a decision.' })
export class OutcomeInput {
  @Field(() => ID, { description: 'Chosen by you: sent twice, it counts once.' })
  id!: string;

  @Field(() => ID)
  decisionId!: string;

  @Field(() => kinds)
  kind!: OutcomeKind;

  @Field(() => AmountScalar, { nullable: true, description: 'Of a conversion, and of it only; at least 0.' })
  value?: string | number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it happened; now, where it is left out.' })
  at?: string | null;
}
