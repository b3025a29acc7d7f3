import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { connectionOf, cursorAt, pageRequest, positionOf } from '../../src/graphql/pagination.js';
import { InvalidInput } from '../../src/kernel/errors.js';

describe('pages', () => {
  it('are bounded', () => {
    expect(pageRequest({ first: 100 })).toEqual({ first: 100, after: undefined });
    for (const first of [0, -1, 101]) expect(() => pageRequest({ first })).toThrow(InvalidInput);
  });

  it('put together are the list, whatever their size', () => {
    const rows = Array.from({ length: 47 }, (_, i) => ({ at: `t${String(i).padStart(3, '0')}`, id: i }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), first => {
        const seen: number[] = [];
        let after: string | null = null;
        for (;;) {
          const page = pageRequest({ first, after });
          const from = page.after === undefined ? 0 : rows.findIndex(row => row.at === page.after?.[0] && row.id === page.after[1]) + 1;
          const { edges, pageInfo } = connectionOf(rows.slice(from, from + page.first + 1), page, row => [row.at, row.id]);
          seen.push(...edges.map(({ node }) => node.id));
          after = pageInfo.endCursor;
          if (!pageInfo.hasNextPage) break;
        }
        expect(seen).toEqual(rows.map(({ id }) => id));
      }),
      { seed: 5 },
    );
  });

  it('of nothing have no cursor', () => {
    expect(connectionOf([], pageRequest({ first: 5 }), () => [])).toEqual({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
  });
});

describe('cursors', () => {
  it('give back the position that they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.integer())), position => {
        expect(positionOf(cursorAt(position))).toEqual(position);
      }),
      { seed: 5 },
    );
  });

  it.each(['', 'x', '!!', Buffer.from('{"a":1}').toString('base64url'), Buffer.from('[[1]]').toString('base64url')])('refuse %j', text => {
    expect(() => positionOf(text)).toThrow(InvalidInput);
  });
});
