import { Field, ID, Int, ObjectType } from 'type-graphql';

/** What every change of the configuration answers with, beside what it is about. */
@ObjectType()
export abstract class ChangePayload {
  @Field(() => Int, { description: 'Version of the configuration that holds the change.' })
  configurationVersion!: number;
}

@ObjectType('DeletePayload', { simpleResolvers: true })
export class DeletePayload extends ChangePayload {
  @Field(() => ID, { description: 'Of what has been removed.' })
  id!: string;
}
