import { describe, expect, it } from '@jest/globals';
import { GraphQLInputObjectType, printSchema } from 'graphql';
import { Arg, Field, InputType, Int, Query, Resolver } from 'type-graphql';
import { OneOf } from '../../src/graphql/one-of.js';
import { schemaOf } from '../../src/schema.js';
import { testSchema } from './kit.js';

describe('OneOf', () => {
  it('marks the input type in the schema, and no other', async () => {
    const schema = await testSchema();
    const marked = Object.values(schema.getTypeMap()).filter(type => type instanceof GraphQLInputObjectType && type.isOneOf);
    expect(marked.map(({ name }) => name)).toEqual(['FilterInput']);
    expect(printSchema(schema)).toContain('input FilterInput @oneOf {');
  });

  it('refuses a type with a required field', async () => {
    @InputType()
    @OneOf()
    class WrongInput {
      @Field(() => Int)
      year!: number;
    }
    @Resolver()
    class WrongResolver {
      @Query(() => Int)
      wrong(@Arg('input', () => WrongInput) input: WrongInput): number {
        return input.year;
      }
    }
    await expect(schemaOf([new WrongResolver()])).rejects.toThrow('WrongInput is one of its fields, so none may be required or have a default: year');
  });
});
