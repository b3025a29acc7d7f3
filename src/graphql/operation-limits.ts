import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { LimitExceeded } from '../kernel/errors.js';

/** Bounds of one operation, over HTTP and WebSocket alike. */
export interface OperationLimits {
  /** Lexical tokens of the document; bounds what parsing and validating can cost. */
  readonly maxTokens: number;
  /** Fields within fields. Introspection is left out: its nesting is bounded by graphql-js. */
  readonly maxDepth: number;
  /** Fields at the root of an operation, those of its fragments included. */
  readonly maxRootFields: number;
  /** Aliases in the whole document. */
  readonly maxAliases: number;
  /** Selections of an operation, those of a fragment counted wherever it is spread; bounds what compiling and running it can cost. */
  readonly maxSelections: number;
  /** See operation-cost.ts. */
  readonly maxCost: number;
}

export const defaultLimits: OperationLimits = { maxTokens: 2000, maxDepth: 12, maxRootFields: 20, maxAliases: 50, maxSelections: 10_000, maxCost: 50_000 };

interface Shape {
  readonly depth: number;
  /** Fields of this selection set itself, through its fragments. */
  readonly fields: number;
  /** Selections of this set and of all below it. */
  readonly selections: number;
}

const leaf: Shape = { depth: 0, fields: 0, selections: 0 };

/** A validation rule: it sees the document alone, so its verdict is kept with the validated document. */
export function limitRule(limits: OperationLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    let aliases = 0;
    return {
      Field: node => {
        if (node.alias !== undefined) aliases += 1;
      },
      Document: {
        leave: document => {
          refuseAbove(context, 'aliases', aliases, limits.maxAliases);
          const shapes = new ShapeReader(context);
          for (const definition of document.definitions) {
            if (definition.kind === Kind.OPERATION_DEFINITION) checkShape(context, shapes, definition, limits);
          }
        },
      },
    };
  };
}

function checkShape(context: ValidationContext, shapes: ShapeReader, operation: OperationDefinitionNode, limits: OperationLimits): void {
  const { depth, fields, selections } = shapes.of(operation.selectionSet);
  refuseAbove(context, 'depth', depth, limits.maxDepth);
  refuseAbove(context, 'selections', selections, limits.maxSelections);
  refuseAbove(context, 'root fields', fields, limits.maxRootFields);
}

function refuseAbove(context: ValidationContext, what: string, found: number, limit: number): void {
  if (found > limit) context.reportError(tooComplex(what, found, limit));
}

export function tooComplex(what: string, found: number, limit: number): GraphQLError {
  const originalError = new LimitExceeded(`The operation's ${what} exceed what is allowed: ${found}, at most ${limit}.`, { details: { limit } });
  return new GraphQLError(originalError.message, { originalError });
}

/** Reads each fragment once, however often it is spread: a chain of doubled spreads costs no more than its text. */
class ShapeReader {
  readonly #context: ValidationContext;
  readonly #fragments = new Map<string, Shape>();

  constructor(context: ValidationContext) {
    this.#context = context;
  }

  of(set: SelectionSetNode): Shape {
    let depth = 0;
    let fields = 0;
    let selections = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet === undefined ? leaf : this.of(selection.selectionSet);
        depth = Math.max(depth, 1 + (selection.name.value.startsWith('__') ? 0 : below.depth));
        fields += 1;
        selections += 1 + below.selections;
      } else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? this.of(selection.selectionSet) : this.#fragment(selection.name.value);
        depth = Math.max(depth, inner.depth);
        fields += inner.fields;
        selections += 1 + inner.selections;
      }
    }
    return { depth, fields, selections };
  }

  #fragment(name: string): Shape {
    const known = this.#fragments.get(name);
    if (known !== undefined) return known;
    this.#fragments.set(name, leaf); // a cycle is another rule's finding
    const fragment: FragmentDefinitionNode | null | undefined = this.#context.getFragment(name);
    const shape = fragment ? this.of(fragment.selectionSet) : leaf;
    this.#fragments.set(name, shape);
    return shape;
  }
}
