import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Customer } from '../../customers/customer.js';
import { CustomerType } from '../../customers/customer.type.js';
import type { Segment } from '../segment.js';
import { CustomerConnectionType } from '../segment-members.type.js';
import { SegmentType } from '../segment.type.js';
import { searchSources, type SearchSource } from './segment-search.js';

const SearchSourceEnum = Object.fromEntries(searchSources.map(it => [it, it]));
registerEnumType(SearchSourceEnum, { name: 'SearchSource', description: 'Who answered: the truth, or the search index, which follows it within seconds.' });

@ObjectType('SegmentOverlap', { simpleResolvers: true })
export class SegmentOverlapType {
  @Field(() => SegmentType)
  segment!: Segment;

  @Field(() => Int, { description: 'Those who would be in both.' })
  count!: number;
}

@ObjectType('SegmentPreview', { simpleResolvers: true, description: 'Who would be in a segment with a condition.' })
export class SegmentPreviewType {
  @Field(() => Int, { description: 'Customers whom the condition holds for.' })
  count!: number;

  @Field(() => Int, { description: 'Customers that there are.' })
  scanned!: number;

  @Field(() => [CustomerType], { description: 'The first members in the order of their ids, at most 20.' })
  sample!: readonly Customer[];

  @Field(() => [SegmentOverlapType], { description: 'Segments that they are in as well, at most 10, those with most of them first.' })
  overlaps!: readonly SegmentOverlapType[];

  @Field(() => SearchSourceEnum)
  source!: SearchSource;
}

@ObjectType('CustomerSearch', { simpleResolvers: true, description: 'A page of the customers whom a condition holds for, in the order of the code points of their ids.' })
export class CustomerSearchType extends CustomerConnectionType {
  @Field(() => SearchSourceEnum)
  source!: SearchSource;
}
