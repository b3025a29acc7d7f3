import { z } from 'zod';
import { InvalidInput } from '../../kernel/errors.js';
import { id } from '../../tenants/body.schema.js';
import type { SearchPage } from './customer-search.js';

const position = z.union([z.tuple([id]), z.tuple([id, z.string().min(1).max(3000)])]);

/** The customer that a page goes on after, and the view it is of. @throws InvalidInput for a cursor of another list */
export function parseSearchPosition(given: readonly unknown[] | undefined): Pick<SearchPage, 'after' | 'view'> {
  if (given === undefined) return { after: undefined, view: undefined };
  const parsed = position.safeParse(given);
  if (!parsed.success) throw new InvalidInput('The cursor is none that was given out here.');
  const [after, view] = parsed.data;
  return { after, view };
}
