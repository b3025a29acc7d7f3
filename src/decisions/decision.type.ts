import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Item } from '../content/item.js';
import { ItemType } from '../content/item.type.js';
import type { Placement, PolicySpec } from '../content/placement.js';
import { PlacementType, policyKinds } from '../content/placement.type.js';
import { DateTimeScalar } from '../graphql/scalars.js';
import type { Contribution } from './contributions.js';
import { decisionLevels, type Assignment, type DecisionLevel, type Drop, type Withheld } from './decision.js';
import type { CandidateView, DecisionVersions, DecisionView, StageTrace } from './decision-view.js';
import type { Decided } from './personalizer.js';
import type { RuleSetVersion } from './snapshot/snapshot.js';

const DecisionLevelEnum = Object.fromEntries(decisionLevels.map(level => [level, level]));
registerEnumType(DecisionLevelEnum, {
  name: 'DecisionLevel',
  description: 'How much of the pipeline stood behind the answer, best first.',
  valuesConfig: {
    FULL: { description: 'Everything was there.' },
    STALE_FEATURES: { description: "The customer's record, or a feature that was read, is older than it should be." },
    NO_MODEL: { description: "The scorer did not answer in time; the editors' order stands in." },
    RULES_ONLY: { description: 'Nothing could be read of the customer; rules saw missing values.' },
    DEFAULT: { description: "Nothing was left to choose from: the placement's fallback, or nothing." },
  },
});

@ObjectType('RankedItem', { simpleResolvers: true })
export class RankedItemType {
  @Field(() => Int, { description: 'From 1.' })
  position!: number;

  @Field(() => ItemType)
  item!: Item;

  @Field(() => Float, { description: 'In (0, 1], given the positions before.' })
  propensity!: number;
}

@ObjectType('Drop', { simpleResolvers: true, description: 'Why a candidate was left out.' })
export class DropType implements Drop {
  @Field(() => String, { description: '`candidates` (schedule, placement) or `rules`.' })
  stage!: Drop['stage'];

  @Field(() => String, { description: 'NOT_STARTED, ENDED, NOT_ACCEPTED, or the id of the rule.' })
  code!: string;

  @Field(() => String)
  reason!: string;
}

const ContributionKindEnum = {
  ATTRIBUTE: 'attribute', FEATURE: 'feature', CONTEXT: 'context', ITEM: 'item', INTERCEPT: 'intercept', UNCERTAINTY: 'uncertainty',
} as const satisfies Record<string, Contribution['kind']>;
registerEnumType(ContributionKindEnum, {
  name: 'ContributionKind',
  valuesConfig: {
    INTERCEPT: { description: 'What a bandit expects of the item whoever the customer is.' },
    UNCERTAINTY: { description: 'What a bandit adds for knowing little of the item for such customers.' },
  },
});

@ObjectType('Contribution', { simpleResolvers: true, description: 'What one input did for the score of an item.' })
export class ContributionType implements Contribution {
  @Field(() => ContributionKindEnum)
  kind!: Contribution['kind'];

  @Field(() => String, { description: 'Of the attribute, feature, or field of context or item; empty for the others.' })
  name!: string;

  @Field(() => Float, { description: 'The score before boosts, less what it would be were the value missing.' })
  effect!: number;
}

@ObjectType('Candidate', { simpleResolvers: true, description: 'One item that was asked about.' })
export class CandidateType implements CandidateView {
  decided!: Decided;

  @Field(() => ID)
  itemId!: string;

  @Field(() => Float, { nullable: true, description: 'After boosts; null where it was dropped.' })
  score!: number | null;

  @Field(() => Float, { description: 'Product of the boosts that held; 1 without any.' })
  boost!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Probability of being selected first by the whole pipeline. Those of all candidates sum to 1. Null where another system decided and did not log it.',
  })
  propensity!: number | null;

  @Field(() => DropType, { nullable: true })
  dropped!: Drop | null;
}

@ObjectType('Assignment', { simpleResolvers: true })
export class AssignmentType implements Assignment {
  @Field(() => ID)
  experimentId!: string;

  @Field(() => ID, { nullable: true, description: 'Null where the customer does not take part.' })
  armId!: string | null;

  @Field(() => Boolean)
  holdout!: boolean;
}

@ObjectType('RuleSetVersion', { simpleResolvers: true })
export class RuleSetVersionType implements RuleSetVersion {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'Version of the configuration that published it.' })
  since!: number;
}

@ObjectType('DecisionVersions', { simpleResolvers: true })
export class DecisionVersionsType implements DecisionVersions {
  @Field(() => Int, { description: 'Of the configuration: placements, items, rules, experiments, models.' })
  snapshot!: number;

  @Field(() => [RuleSetVersionType], { description: 'All that were published, ordered by id.' })
  ruleSets!: readonly RuleSetVersion[];

  @Field(() => policyKinds, { nullable: true, description: 'By which it was chosen among the scored, an arm of an experiment considered; null where another system decided.' })
  policy!: PolicySpec['kind'] | null;

  @Field(() => ID, { nullable: true })
  model!: string | null;

  @Field(() => Int, { nullable: true })
  posterior!: number | null;
}

@ObjectType('StageTrace', { simpleResolvers: true })
export class StageTraceType implements StageTrace {
  @Field(() => String)
  stage!: StageTrace['stage'];

  @Field(() => Int, { description: 'Candidates left after the stage.' })
  survivors!: number;

  @Field(() => Float)
  milliseconds!: number;
}

const WithheldKindEnum = { FEATURE: 'FEATURE', BEHAVIOUR: 'BEHAVIOUR', ATTRIBUTE: 'ATTRIBUTE', SEGMENT: 'SEGMENT', MODEL: 'MODEL' } as const;
registerEnumType(WithheldKindEnum, { name: 'WithheldKind' });

@ObjectType('Withheld', { simpleResolvers: true, description: 'Something that the customer does not consent to being used.' })
export class WithheldType implements Withheld {
  @Field(() => WithheldKindEnum)
  kind!: Withheld['kind'];

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'A purpose of it that is not granted.' })
  purpose!: string;
}

@ObjectType('Decision', { simpleResolvers: true, description: 'What to show, why, and with which probability it was chosen.' })
export class DecisionType implements Pick<DecisionView, keyof DecisionView> {
  @Field(() => ID, { description: 'UUIDv7; outcomes come back with it.' })
  id!: string;

  @Field(() => ID)
  customerId!: string;

  @Field(() => Boolean, { description: 'True where nothing is known of the customer.' })
  isStranger!: boolean;

  @Field(() => PlacementType)
  placement!: Placement;

  @Field(() => ItemType, { nullable: true, description: 'Null only where nothing is left and the placement has no fallback.' })
  selectedContent!: Item | null;

  @Field(() => [RankedItemType], { description: 'The first is selectedContent.' })
  slate!: readonly RankedItemType[];

  @Field(() => [ItemType], { description: 'The next three by score.' })
  alternativeOptions!: readonly Item[];

  @Field(() => Float, { description: 'In [0, 1]: the estimated probability of a click; 0 where nothing was estimated.' })
  confidenceScore!: number;

  @Field(() => Float, { description: 'In (0, 1], of selectedContent, through the whole pipeline.' })
  propensity!: number;

  @Field(() => Boolean, { description: 'Whether chance chose another item than the best one.' })
  explorationUsed!: boolean;

  @Field(() => String)
  reasoning!: string;

  @Field(() => DecisionLevelEnum)
  level!: DecisionLevel;

  @Field(() => Float)
  latencyMs!: number;

  @Field(() => DateTimeScalar)
  decidedAt!: Date;

  @Field(() => [AssignmentType])
  assignments!: readonly Assignment[];

  @Field(() => Boolean, { description: "Whether the customer is of the placement's holdout: they are shown the editors' order, so that all that is decided for the others can be measured against it." })
  isHeldOut!: boolean;

  @Field(() => DecisionVersionsType)
  versions!: DecisionVersionsType;

  @Field(() => [CandidateType], { description: 'Every item asked about, with its score and propensity, or why it was dropped.' })
  candidates!: readonly CandidateView[];

  @Field(() => [StageTraceType])
  trace!: readonly StageTrace[];

  @Field(() => [WithheldType], { description: 'What consent kept out: it was as if missing, and a model that is not consented to does not score.' })
  withheld!: readonly Withheld[];
}

@ObjectType('Replay', { description: 'A logged decision, decided again from what was logged.' })
export class ReplayType {
  @Field(() => DecisionType)
  logged!: DecisionView;

  @Field(() => DecisionType, { nullable: true })
  replayed!: DecisionView | null;

  @Field(() => Boolean, { description: 'Whether the two are equal, every digit of them; times aside.' })
  identical!: boolean;
}

@ObjectType('Explanation', { simpleResolvers: true, description: 'Why an item was, or was not, chosen by a decision.' })
export class ExplanationType {
  @Field(() => ID)
  itemId!: string;

  @Field(() => Boolean)
  selected!: boolean;

  @Field(() => String)
  summary!: string;

  @Field(() => Int, { nullable: true, description: 'From 1, by score among the eligible; null where it was dropped.' })
  rank!: number | null;

  @Field(() => CandidateType)
  candidate!: CandidateView;
}
