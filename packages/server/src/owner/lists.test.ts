import type { AppId, RoomId, RoomKey } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { type ListAnswers, type ListQuery, MAX_SCANNED_PEOPLE, type PersonPlace, type RoomPlace } from './lists.ts';
import { ALL_ROOMS } from './queries.ts';
import { Rooms } from './rooms.ts';

let rooms: Rooms;
let settings: ReturnType<typeof testSettings>;
beforeEach(() => {
  settings = testSettings();
  rooms = new Rooms({ ...settings, maxLoginsPerSecond: 1_000_000 }, { first: [], after: [] });
});

const keyOf = (roomId: string, appId = 1): RoomKey => ({
  appId: appId as AppId,
  environment: 'production',
  roomId: roomId as RoomId,
});
const join = (roomId: string, userId: string, appId = 1) =>
  rooms.execute(keyOf(roomId, appId), login(userId, { onDuplicate: 'allow', maxMemberCount: 0 }), ORIGIN);
const listRooms = (more: Partial<Extract<ListQuery, { type: 'listRooms' }>> = {}): ListAnswers['listRooms'] =>
  rooms.answer(ALL_ROOMS, {
    type: 'listRooms',
    scope: {},
    sort: 'created',
    isDescending: false,
    limit: 10,
    ...more,
  });
const listPeople = (more: Partial<Extract<ListQuery, { type: 'listPeople' }>> = {}): ListAnswers['listPeople'] =>
  rooms.answer(ALL_ROOMS, { type: 'listPeople', scope: {}, limit: 10, ...more });
const idsOf = ({ rooms: listed }: ListAnswers['listRooms']) => listed.map(({ key }) => key.roomId);
const usersOf = ({ people }: ListAnswers['listPeople']) => people.map(({ user }) => user.id);

describe('the list of rooms', () => {
  it('is sorted by each value in both directions, and equal values by the room', async () => {
    await join('b', 'anna');
    settings.clock.advance(1);
    await join('c', 'bob');
    settings.clock.advance(1);
    await join('a', 'carl');
    await join('a', 'dora');
    expect(idsOf(listRooms())).toEqual(['b', 'c', 'a']);
    expect(idsOf(listRooms({ isDescending: true }))).toEqual(['a', 'c', 'b']);
    expect(idsOf(listRooms({ sort: 'room' }))).toEqual(['a', 'b', 'c']);
    expect(idsOf(listRooms({ sort: 'members', isDescending: true }))).toEqual(['a', 'c', 'b']);
    expect(idsOf(listRooms({ sort: 'streams' }))).toEqual(['a', 'b', 'c']);
  });

  it('has every room exactly once on its pages, in any order and of any length (ADM-1)', async () => {
    for (let index = 0; index < 30; index += 1) {
      await join(`room-${index}`, 'anna');
      if (index % 3 === 0) await join(`room-${index}`, 'bob');
    }
    for (const sort of ['room', 'members', 'created', 'streams'] as const) {
      for (const limit of [1, 7, 30]) {
        const found: string[] = [];
        let after: RoomPlace | undefined;
        do {
          const page = listRooms({ sort, limit, isDescending: limit === 7, ...(after && { after }) });
          expect(page.totalCount).toBe(30);
          found.push(...idsOf(page));
          after = page.next;
        } while (after);
        expect(new Set(found).size).toBe(30);
        expect(found).toHaveLength(30);
      }
    }
  });

  it('has only rooms of the Apps, the environment and the search', async () => {
    await join('Lobby', 'anna');
    await join('hall', 'anna', 2);
    await rooms.execute({ ...keyOf('lobby', 2), environment: 'test' }, login('zoe'), ORIGIN);
    expect(idsOf(listRooms({ search: 'LOB' }))).toEqual(['Lobby', 'lobby']);
    expect(idsOf(listRooms({ scope: { appIds: [2 as AppId] } }))).toEqual(['hall', 'lobby']);
    expect(idsOf(listRooms({ scope: { appIds: [2 as AppId], environment: 'test' } }))).toEqual(['lobby']);
    expect(listRooms({ scope: { appIds: [] } })).toEqual({ rooms: [], totalCount: 0 });
  });
});

describe('the list of people', () => {
  it('goes on after the last person of a page, also if that one has left, and repeats nobody who joined later', async () => {
    await join('a', 'anna');
    settings.clock.advance(1);
    const bob = await join('a', 'bob');
    settings.clock.advance(1);
    await join('a', 'carl');
    await join('b', 'dora');
    const first = listPeople({ limit: 2 });
    expect(usersOf(first)).toEqual(['anna', 'bob']);
    const after = first.next as PersonPlace;
    expect(usersOf(listPeople({ limit: 2, after }))).toEqual(['carl', 'dora']);
    const memberId = bob.session?.member.memberId;
    if (!memberId) throw new Error('bob waits');
    await rooms.execute(keyOf('a'), { type: 'logout', memberId }, ORIGIN);
    expect(usersOf(listPeople({ limit: 2, after }))).toEqual(['carl', 'dora']);
  });

  it('finds a part of the user id or the name, in one room or in all', async () => {
    await join('a', 'anna');
    await rooms.execute(keyOf('b'), login('u7', { user: { ...login('u7').user, name: 'Hannah' } }), ORIGIN);
    expect(usersOf(listPeople({ search: 'ANNA' }))).toEqual(['anna', 'u7']);
    expect(usersOf(listPeople({ search: 'anna', key: keyOf('b') }))).toEqual(['u7']);
    expect(usersOf(listPeople({ key: keyOf('none') }))).toEqual([]);
  });

  it('compares at most a fixed number of people per page with a search (ADM-1)', async () => {
    for (let index = 0; index <= MAX_SCANNED_PEOPLE; index += 1) {
      // Small rooms, and time that passes: the cost of a login depends on how many there were within a second.
      await join(`room-${index % 200}`, `user-${index}`);
      settings.clock.advance(100);
    }
    const search = 'nobody';
    const first = listPeople({ search });
    expect(first.people).toEqual([]);
    expect(listPeople({ search, after: first.next as PersonPlace })).toEqual({ people: [] });
  }, 20_000);
});
