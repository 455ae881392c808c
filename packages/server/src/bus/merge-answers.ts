/**
 * One answer out of those of several owners of rooms.
 *
 * @module
 */

import type { ListQuery } from '../owner/lists.ts';
import type { AnswerOf, Answers, ScopeQuery } from '../owner/queries.ts';
import type { StreamState } from '../owner/stream-history.ts';
import { mergePages } from './merge-lists.ts';

/** A query that every owner of rooms answers for its own. */
export type SharedQuery = ScopeQuery | ListQuery;

/** Merges what every owner answered to a query about an environment of an App, or about all rooms. */
export function mergeAnswers(query: SharedQuery, answers: readonly AnswerOf<SharedQuery>[]): AnswerOf<SharedQuery> {
  switch (query.type) {
    case 'roomOfStream':
      return (answers as Answers['roomOfStream'][]).find(({ key }) => key) ?? {};
    case 'streamState':
      return (answers as Answers['streamState'][]).reduce(laterState, { state: 'unknown' });
    case 'people':
      return { people: (answers as Answers['people'][]).flatMap(({ people }) => people) };
    case 'listRooms':
    case 'listPeople':
      return mergePages(query, answers as Answers[ListQuery['type']][]);
  }
}

/** Of two states of one stream id: a live stream before a closed one, and of two closed ones that which closed later. */
function laterState(one: StreamState, other: StreamState): StreamState {
  if (one.state === 'live' || other.state === 'unknown') return one;
  if (other.state === 'live' || one.state === 'unknown') return other;
  return one.closedAtMs >= other.closedAtMs ? one : other;
}
