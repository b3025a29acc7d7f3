import {
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/** The cost of one operation with these variables. */
export type CostOf = (variables: Variables) => number;

/** Rows assumed where a list's length is nowhere asked for. */
const assumedListLength = 10;
/** Rows assumed where a page's size is left out and has no default. */
const assumedPageSize = 20;
/** A whole schema description is some thousand values. */
const introspectionCost = 1000;
const pageSizeArguments: ReadonlySet<string> = new Set(['first', 'last', 'limit']);

/**
 * Bounds the work that an operation can cause: one unit a field (or what `complexity` says at its definition), times the
 * rows it can come in. Rows are what `first`, `last` or `limit` asks for, or the length of the longest list among the
 * arguments of a field that returns a list, or else an assumption. Literals are read once, variables with each request.
 */
export function compileCost(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CostOf {
  const root = schema.getRootType(operation.operation);
  if (!root) return () => 0;
  const cost = new CostCompiler(schema, document).ofSelections(root, operation.selectionSet, false);
  return typeof cost === 'number' ? () => cost : variables => cost({ variables, fragments: new Map() });
}

interface Run {
  readonly variables: Variables;
  /** What fragments came to in this run: one that is spread often is summed once. */
  readonly fragments: Map<object, number>;
}

/** A number where variables play no part. */
type Cost = number | ((run: Run) => number);

interface Rows {
  readonly own: number;
  readonly selections: SelectionSetNode;
  readonly rowsCounted: boolean;
}

class CostCompiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #compiled = new Map<string, Cost>();

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
    }
  }

  /** `rowsCounted`: the field above has asked for a number of rows, which the lists right below it (edges, nodes) hold. */
  ofSelections(type: GraphQLNamedType, set: SelectionSetNode, rowsCounted: boolean): Cost {
    const costs = set.selections.map(selection => {
      switch (selection.kind) {
        case Kind.FIELD:
          return this.#ofField(type, selection, rowsCounted);
        case Kind.INLINE_FRAGMENT:
          return this.ofSelections(this.#typeOf(selection.typeCondition?.name.value, type), selection.selectionSet, rowsCounted);
        case Kind.FRAGMENT_SPREAD:
          return this.#ofFragment(selection.name.value, type, rowsCounted);
      }
    });
    return sum(costs);
  }

  #ofFragment(name: string, type: GraphQLNamedType, rowsCounted: boolean): Cost {
    const key = `${name} ${rowsCounted ? 1 : 0}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const fragment = this.#fragments.get(name);
    if (fragment === undefined) return 0;
    const inner = this.ofSelections(this.#typeOf(fragment.typeCondition.name.value, type), fragment.selectionSet, rowsCounted);
    const cost = typeof inner === 'number' ? inner : onceARun(inner);
    this.#compiled.set(key, cost);
    return cost;
  }

  #ofField(parent: GraphQLNamedType, node: FieldNode, rowsCounted: boolean): Cost {
    const name = node.name.value;
    if (name === SchemaMetaFieldDef.name || name === TypeMetaFieldDef.name) return introspectionCost;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    if (field === undefined) return 1;
    const own = typeof field.extensions['complexity'] === 'number' ? field.extensions['complexity'] : 1;
    return node.selectionSet === undefined ? own : this.#ofRows(field, node, { own, selections: node.selectionSet, rowsCounted });
  }

  #ofRows(field: GraphQLField<unknown, unknown>, node: FieldNode, { own, selections, rowsCounted }: Rows): Cost {
    const pageSize = pageSizeOf(field, node);
    const type = getNamedType(field.type);
    if (!isListType(bare(field.type))) {
      return sum([own, product(pageSize ?? 1, this.ofSelections(type, selections, pageSize !== undefined))]);
    }
    const rows = pageSize ?? longestListArgument(field, node) ?? (rowsCounted ? 1 : assumedListLength);
    return product(rows, sum([own, this.ofSelections(type, selections, false)]));
  }

  #typeOf(condition: string | undefined, otherwise: GraphQLNamedType): GraphQLNamedType {
    return condition === undefined ? otherwise : (this.#schema.getType(condition) ?? otherwise);
  }
}

function onceARun(cost: (run: Run) => number): Cost {
  const key = {};
  return run => {
    const known = run.fragments.get(key);
    if (known !== undefined) return known;
    const value = cost(run);
    run.fragments.set(key, value);
    return value;
  };
}

function sum(costs: readonly Cost[]): Cost {
  let fixed = 0;
  const varying: ((run: Run) => number)[] = [];
  for (const cost of costs) {
    if (typeof cost === 'number') fixed += cost;
    else varying.push(cost);
  }
  return varying.length === 0 ? fixed : run => varying.reduce((total, cost) => total + cost(run), fixed);
}

function product(a: Cost, b: Cost): Cost {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return run => (typeof a === 'number' ? a : a(run)) * (typeof b === 'number' ? b : b(run));
}

function pageSizeOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost | undefined {
  const argument = field.args.find(it => pageSizeArguments.has(it.name));
  if (argument === undefined) return undefined;
  return argumentCost(argument, node, value => (typeof value === 'number' ? Math.max(1, value) : undefined)) ?? assumedPageSize;
}

function longestListArgument(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost | undefined {
  const lengths = field.args
    .filter(argument => isListType(bare(argument.type)))
    .map(argument => argumentCost(argument, node, value => (Array.isArray(value) ? Math.max(1, value.length) : undefined)))
    .filter(length => length !== undefined);
  if (lengths.length <= 1) return lengths[0];
  return run => Math.max(...lengths.map(length => (typeof length === 'number' ? length : length(run))));
}

/** What an argument comes to by `measure`, undefined where it is not given; a variable's is read when the operation runs. */
function argumentCost(argument: GraphQLArgument, node: FieldNode, measure: (value: unknown) => number | undefined): Cost | undefined {
  const given = node.arguments?.find(it => it.name.value === argument.name)?.value;
  if (given?.kind === Kind.VARIABLE) {
    const name = given.name.value;
    const otherwise = measure(argument.defaultValue) ?? assumedPageSize;
    return run => measure(run.variables[name]) ?? otherwise;
  }
  return measure(given === undefined ? argument.defaultValue : literal(given));
}

function literal(node: ValueNode): unknown {
  if (node.kind === Kind.INT) return Number(node.value);
  return node.kind === Kind.LIST ? node.values : undefined;
}

function bare(type: GraphQLType): GraphQLType {
  return isNonNullType(type) ? type.ofType : type;
}
