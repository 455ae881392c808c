/**
 * Reading rooms, people and streams at the admin API.
 */

import { TEST_APP } from '@gavel/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

let stage: AdminStage;
beforeAll(async () => {
  stage = await startAdminStage();
  for (const [roomId, userId] of [
    ['lobby', 'anna'],
    ['lobby', 'bob'],
    ['hall/1', 'carl'],
  ] as const) {
    const client = await stage.connect();
    await client.login(TEST_APP.appId, roomId, userId);
    if (userId === 'anna') await client.media.publish('camera-1');
  }
});
afterAll(() => stage.close());

const { appId } = TEST_APP;
const lobby = { appId, environment: 'production', roomId: 'lobby' };

test('the list of rooms has figures, is searched, and goes page by page', async () => {
  const { body } = await stage.admin('GET', '/rooms?sort=members');
  expect(body).toEqual({
    rooms: [
      {
        ...lobby,
        epoch: expect.stringMatching(/^\d+$/),
        createdAtMs: expect.any(Number),
        memberCount: 2,
        peakMemberCount: 2,
        streamCount: 1,
        waitingCount: 0,
      },
      expect.objectContaining({ roomId: 'hall/1', memberCount: 1 }),
    ],
    totalCount: 2,
    next: null,
  });
  const first = (await stage.admin('GET', '/rooms?sort=members&limit=1')).body;
  const second = (await stage.admin('GET', `/rooms?sort=members&limit=1&cursor=${first.next}`)).body;
  expect([first.rooms[0].roomId, second.rooms[0].roomId, second.next]).toEqual(['lobby', 'hall/1', null]);
  expect((await stage.admin('GET', '/rooms?search=HALL')).body.totalCount).toBe(1);
  for (const query of [`sort=room&cursor=${first.next}`, 'cursor=nonsense', 'limit=501', 'sort=age', 'more=1']) {
    expect(await stage.admin('GET', `/rooms?${query}`)).toMatchObject({ status: 400 });
  }
});

test('one room has its streams with what arrives of them; its people are pages of their own', async () => {
  const { body } = await stage.admin('GET', `/rooms/${appId}/production/lobby`);
  expect(body).toEqual({
    room: expect.objectContaining({ ...lobby, memberCount: 2 }),
    streams: [expect.objectContaining({ streamId: 'camera-1', userId: 'anna', source: 'camera' })],
    waiting: [],
  });
  expect(body.streams[0].media).toEqual({
    state: expect.any(String),
    audioBps: expect.any(Number),
    videoBps: expect.any(Number),
    subscriberCount: 0,
    packets: expect.any(Number),
    lostPackets: expect.any(Number),
  });
  const people = (await stage.admin('GET', `/rooms/${appId}/production/${encodeURIComponent('hall/1')}/people`)).body;
  expect(people).toEqual({
    people: [
      {
        ...lobby,
        roomId: 'hall/1',
        memberId: expect.any(String),
        userId: 'carl',
        userName: 'carl',
        joinedAtMs: expect.any(Number),
        address: '127.0.0.1',
        scheme: 'app-token',
        isDetached: false,
        isHidden: false,
      },
    ],
    next: null,
  });
  expect((await stage.admin('GET', `/rooms/${appId}/production/nowhere`)).status).toBe(404);
  expect((await stage.admin('GET', `/rooms/${appId}/test/lobby`)).status).toBe(404);
});

test('people are found across rooms; a viewer sees no addresses (ROLE-1)', async () => {
  const token = await stage.tokenOf('viewer');
  const { body } = await stage.admin('GET', '/people?search=bo', { token });
  expect(body.people).toEqual([expect.objectContaining({ userId: 'bob', roomId: 'lobby' })]);
  expect(JSON.stringify(body)).not.toContain('127.0.0.1');
});

test('a token that is limited to an App sees rooms and people of no other (ROLE-1)', async () => {
  const other = await stage.server.apps.create(TEST_APP.accountId, 'other');
  const token = await stage.tokenOf('moderator', [other.appId]);
  expect((await stage.admin('GET', '/rooms', { token })).body).toEqual({ rooms: [], totalCount: 0, next: null });
  expect((await stage.admin('GET', '/people', { token })).body).toEqual({ people: [], next: null });
  for (const path of [`/rooms?appId=${appId}`, `/rooms/${appId}/production/lobby`, `/rooms/${appId}/production/no`]) {
    expect((await stage.admin('GET', path, { token })).status).toBe(403);
  }
});
