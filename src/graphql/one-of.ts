import { isInputObjectType, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';

const marker = 'oneOf';

/** On an input type whose fields are all optional: a value of it has exactly one of them, and that one is not null. */
export function OneOf(): ClassDecorator {
  return target => {
    Extensions({ [marker]: true })(target);
  };
}

/** Makes the input types that are decorated with `OneOf` so. The schema's builder has no word for it. */
export function applyOneOf(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInputObjectType(type) || type.extensions[marker] !== true) continue;
    const required = Object.values(type.getFields()).filter(field => field.defaultValue !== undefined || field.type.toString().endsWith('!'));
    if (required.length > 0) throw new Error(`${type.name} is one of its fields, so none may be required or have a default: ${required.map(it => it.name).join(', ')}`);
    type.isOneOf = true;
  }
}
