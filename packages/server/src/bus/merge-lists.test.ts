import { type RoomKey, roomKeyText } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { type ListAnswers, type ListedPerson, type ListedRoom, type ListQuery, RoomLists } from '../owner/lists.ts';
import { OwnedRoom } from '../owner/owned-room.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { mergePages } from './merge-lists.ts';

/** Twelve rooms with up to four members each: all of them, and divided between two owners. */
function openRooms() {
  const settings = testSettings();
  const all = new Map<string, OwnedRoom>();
  const parts = [new Map<string, OwnedRoom>(), new Map<string, OwnedRoom>()];
  for (let index = 0; index < 12; index += 1) {
    const key = { ...KEY, roomId: `room-${(index * 5) % 12}` } as RoomKey;
    const owned = new OwnedRoom(key, settings);
    for (let user = 0; user <= index % 4; user += 1) owned.apply(login(`user-${index}-${user}`), ORIGIN);
    all.set(roomKeyText(key), owned);
    parts[index % 3 === 0 ? 0 : 1]?.set(roomKeyText(key), owned);
    settings.clock.advance(10);
  }
  return { whole: new RoomLists(all), parts: parts.map((part) => new RoomLists(part)) };
}

/** Reads all pages of a list. */
function readPages(query: ListQuery, answer: (query: ListQuery) => ListAnswers[ListQuery['type']]) {
  const pages = [];
  let after: unknown;
  do {
    const page = answer({ ...query, ...(after !== undefined && { after }) } as ListQuery);
    pages.push(page);
    after = page.next;
  } while (after !== undefined && pages.length < 100);
  return pages;
}

const queries: ListQuery[] = [
  ...(['room', 'members', 'streams', 'created'] as const).flatMap((sort) =>
    [true, false].map((isDescending) => ({ type: 'listRooms', scope: {}, sort, isDescending, limit: 5 }) as const),
  ),
  { type: 'listRooms', scope: {}, search: '-1', sort: 'room', isDescending: false, limit: 2 },
  { type: 'listPeople', scope: {}, limit: 4 },
  { type: 'listPeople', scope: {}, limit: 100 },
  { type: 'listPeople', scope: {}, search: '-3', limit: 2 },
];

test.each(queries)('the pages of two owners are those of one that has all rooms: %j', (query) => {
  const { whole, parts } = openRooms();
  const expected = readPages(query, (one) => whole.answer(one));
  const merged = readPages(query, (one) =>
    mergePages(
      one,
      parts.map((part) => part.answer(one)),
    ),
  );
  const contentOf = (pages: typeof expected) =>
    pages.flatMap<ListedRoom | ListedPerson>((page) => ('rooms' in page ? page.rooms : page.people));
  expect(contentOf(merged)).toEqual(contentOf(expected));
  expect(contentOf(merged).length).toBeGreaterThan(0);
});
