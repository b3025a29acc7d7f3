import 'reflect-metadata';
import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { InvalidInput } from '../kernel/errors.js';
import { CursorScalar } from './scalars.js';

export const defaultPageSize = 20;
export const maxPageSize = 100;

/** What the rows are ordered by, of one row: it goes into the cursor, so a list goes on after it whatever has changed. */
export type Position = readonly (string | number)[];

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: defaultPageSize, description: 'Rows to answer with, 1 to 100.' })
  first!: number;

  @Field(() => CursorScalar, { nullable: true, description: 'Go on after the row with this cursor.' })
  after?: string | null;
}

/** A page as stores are asked for it. */
export interface PageRequest {
  /** 1 to 100; ask the store for one row more to know whether there is a next page. */
  readonly first: number;
  readonly after: Position | undefined;
}

export interface Edge<T> {
  readonly node: T;
  readonly cursor: string;
}

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

export interface Connection<T> {
  readonly edges: readonly Edge<T>[];
  readonly pageInfo: PageInfo;
}

@ObjectType('PageInfo', { simpleResolvers: true })
export class PageInfoType implements PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => CursorScalar, { nullable: true, description: 'Of the last row here; null where there is none.' })
  endCursor!: string | null;
}

/** Reads page arguments; throws InvalidInput for a size outside 1 to 100 and for a cursor that was never given out. */
export function pageRequest({ first, after }: PageArgs): PageRequest {
  if (first < 1 || first > maxPageSize) throw new InvalidInput(`"first" is 1 to ${maxPageSize}.`, { details: { limit: maxPageSize } });
  return { first, after: after === undefined || after === null ? undefined : positionOf(after) };
}

/** A page of `rows`, which are in order and up to one more than asked for. */
export function connectionOf<T>(rows: readonly T[], { first }: PageRequest, position: (row: T) => Position): Connection<T> {
  const edges = rows.slice(0, first).map(node => ({ node, cursor: cursorAt(position(node)) }));
  return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
}

/** The GraphQL types `<name>Edge` and `<name>Connection` of a node type; call once for each. */
export function connectionTypeOf<T extends object>(name: string, nodeType: ClassType<T>): ClassType<Connection<T>> {
  @ObjectType(`${name}Edge`, { simpleResolvers: true })
  class EdgeType implements Edge<T> {
    @Field(() => nodeType)
    node!: T;

    @Field(() => CursorScalar)
    cursor!: string;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true })
  class ConnectionType implements Connection<T> {
    @Field(() => [EdgeType])
    edges!: readonly Edge<T>[];

    @Field(() => PageInfoType)
    pageInfo!: PageInfo;
  }
  return ConnectionType;
}

export function cursorAt(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position in a cursor; throws InvalidInput where the text is no cursor. */
export function positionOf(cursor: string): Position {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(position) && position.every(it => typeof it === 'string' || typeof it === 'number')) return position;
  } catch {
    // falls through to the refusal
  }
  throw new InvalidInput('The cursor is none that was given out here.');
}
