/**
 * One answer out of those of several owners of rooms.
 *
 * @module
 */

import type { AnswerOf, Answers, ScopeQuery } from '../rooms/queries.ts';
import type { StreamState } from '../rooms/stream-history.ts';

/** Merges what every owner answered to a query about an environment of an App. */
export function mergeAnswers(query: ScopeQuery, answers: readonly AnswerOf<ScopeQuery>[]): AnswerOf<ScopeQuery> {
  switch (query.type) {
    case 'roomOfStream':
      return (answers as Answers['roomOfStream'][]).find(({ key }) => key) ?? {};
    case 'streamState':
      return (answers as Answers['streamState'][]).reduce(laterState, { state: 'unknown' });
    case 'people':
      return { people: (answers as Answers['people'][]).flatMap(({ people }) => people) };
  }
}

/** Of two states of one stream id: a live stream before a closed one, and of two closed ones that which closed later. */
function laterState(one: StreamState, other: StreamState): StreamState {
  if (one.state === 'live' || other.state === 'unknown') return one;
  if (other.state === 'live' || one.state === 'unknown') return other;
  return one.closedAtMs >= other.closedAtMs ? one : other;
}
