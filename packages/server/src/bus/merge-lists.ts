/**
 * One page of a list out of the pages of several owners of rooms.
 *
 * @module
 */

import { compareEpochs, roomKeyText } from '@gavel/protocol';
import {
  comparePlaces,
  type ListAnswers,
  type ListedPerson,
  type ListedRoom,
  type ListQuery,
  type PersonPlace,
  type RoomPlace,
  type RoomSort,
} from '../owner/lists.ts';

/** Merges the pages that the owners answered to one query: what is before the end of every page, up to the limit. */
export function mergePages(
  query: ListQuery,
  pages: readonly ListAnswers[ListQuery['type']][],
): ListAnswers[ListQuery['type']] {
  return query.type === 'listRooms'
    ? mergeRooms(query, pages as readonly ListAnswers['listRooms'][])
    : mergePeople(query, pages as readonly ListAnswers['listPeople'][]);
}

function mergeRooms(
  { sort, isDescending, limit }: ListQuery & { type: 'listRooms' },
  pages: readonly ListAnswers['listRooms'][],
): ListAnswers['listRooms'] {
  const direction = isDescending ? -1 : 1;
  const found = pages
    .flatMap(({ rooms }) => rooms)
    .map((room) => ({ room, place: placeOf(room, sort) }))
    .sort((one, other) => direction * comparePlaces(one.place, other.place));
  const shown = found.slice(0, limit);
  const hasMore = found.length > limit || pages.some(({ next }) => next);
  const last = shown.at(-1);
  return {
    rooms: shown.map(({ room }) => room),
    totalCount: pages.reduce((sum, { totalCount }) => sum + totalCount, 0),
    ...(hasMore && last && { next: last.place }),
  };
}

function mergePeople(
  { limit }: ListQuery & { type: 'listPeople' },
  pages: readonly ListAnswers['listPeople'][],
): ListAnswers['listPeople'] {
  // An owner has not compared what is after the end of its page; a room has one owner, so ends are in different rooms.
  const end = pages.flatMap(({ next }) => next ?? []).sort((one, other) => compareEpochs(one.epoch, other.epoch))[0];
  const people = pages
    .flatMap((page) => page.people)
    .filter(({ epoch }) => !end || compareEpochs(epoch, end.epoch) <= 0)
    // Stable: the members of a room stay in the order of their logins.
    .sort((one, other) => compareEpochs(one.epoch, other.epoch));
  const shown = people.slice(0, limit);
  const last = shown.at(-1);
  const next = people.length > limit && last ? placeOfPerson(last) : end;
  return { people: shown, ...(next && { next }) };
}

function placeOf(room: ListedRoom, sort: RoomSort): RoomPlace {
  const { key, memberCount, streamCount, createdAtMs } = room;
  const value = { room: key.roomId, members: memberCount, streams: streamCount, created: createdAtMs }[sort];
  return { value, room: roomKeyText(key) };
}

const placeOfPerson = ({ epoch, memberId, joinedAtMs }: ListedPerson): PersonPlace => ({ epoch, memberId, joinedAtMs });
