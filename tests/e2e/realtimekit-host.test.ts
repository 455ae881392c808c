import { CHROMIUM } from '@gavel/testkit/chromium';
import type Cloudflare from 'cloudflare';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countAfter, expectSilence, mediaFlows, pause } from './counting.ts';
import { until, ZegoTab } from './harness.ts';
import { Hall, type Person, recorded, sees, totals } from './meeting.ts';
import { WebhookBook } from './webhook-book.ts';

let hall: Hall;
let api: Cloudflare;
let book: WebhookBook;

const meet = (...names: string[]) => hall.meet(...names);
const liveTracks = async (page: Page) =>
  (await page.evaluate(() => e2e.realtimekit().tracks())).filter((track) => track.endsWith('live'));
/** The error code of a call, or `done`. */
const codeOf = (page: Page, call: 'kick' | 'kickAll' | 'muteAll' | 'join' | 'enableAudio', name = '') =>
  page.evaluate(
    ([call, name]) => {
      const user = e2e.realtimekit();
      const { participants, self } = user.client;
      const calls = {
        kick: () => user.find(name).kick(),
        kickAll: () => participants.kickAll(),
        muteAll: () => participants.disableAllAudio(false),
        join: () => user.client.join(),
        enableAudio: () => self.enableAudio(),
      };
      return calls[call]().then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    },
    [call, name] as const,
  );

/** Two participants of a meeting that was ended for both. */
const EVERYBODY_OUT = [
  'meeting.participantLeft user-Hanna',
  'meeting.participantLeft user-Ben',
  'meeting.ended HOST_ENDED_MEETING',
];

async function seesLeave(page: Page, state: string): Promise<void> {
  await sees(page, 'roomLeft', { state });
  expect(await page.evaluate(() => e2e.realtimekit().client.self.roomState)).toBe(state);
  expect(await liveTracks(page)).toEqual([]);
}

describe.skipIf(CHROMIUM === '')('what each side of a meeting sees', () => {
  beforeAll(async () => {
    hall = await Hall.open();
    ({ api } = hall);
    book = await WebhookBook.open(hall);
  });
  afterEach(() => hall.clear());
  afterAll(async () => {
    await hall?.close();
    await book?.close();
  });

  test('a host kicks one person, who sees `kicked`; a participant cannot (HOST-1, HOST-2, RTK-12)', async () => {
    const { people, meetingId } = await meet('Hanna', 'Ben', 'Cem');
    const [hanna, ben, cem] = people as unknown as [Person, Person, Person];
    await book.tellsWhoCame(meetingId, 'user-Hanna', 'user-Ben', 'user-Cem');
    expect(await codeOf(cem.page, 'kick', 'Ben')).toBe('1201');
    expect(await codeOf(cem.page, 'kickAll')).toBe('1201');
    expect(await codeOf(cem.page, 'muteAll')).toBe('1201');
    await mediaFlows(hall.gavel);
    const counted = await countAfter(hall.gavel, async () => {
      expect(await codeOf(hanna.page, 'kick', 'Ben')).toBe('done');
    });
    expectSilence(counted, { publishers: 2, players: 2 });
    await seesLeave(ben.page, 'kicked');
    for (const { page } of [hanna, cem]) await sees(page, 'participantLeft', 'Ben');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });

  test('a host’s kickAll ends the session for everybody, the host too (HOST-2, RTK-12)', async () => {
    const { people, meetingId, ids } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    expect(await codeOf(hanna.page, 'kickAll')).toBe('done');
    await seesLeave(hanna.page, 'ended');
    await seesLeave(ben.page, 'ended');
    const read = api.realtimeKit.activeSession.getActiveSession(meetingId, ids);
    await expect(read).rejects.toMatchObject({ status: 404 });
    const { streams } = await hall.gavel.engine.dump();
    expect(streams.filter(({ group }) => group.endsWith(meetingId))).toEqual([]);
    await book.tells(meetingId, ...EVERYBODY_OUT);
  });

  test('kick-all by the API shows as `ended` (RTK-5, RTK-12)', async () => {
    const { people, meetingId, ids } = await meet('Hanna', 'Ben');
    const answer = await api.realtimeKit.activeSession.kickAllParticipants(meetingId, ids);
    expect(answer.data).toEqual({ action: 'kick_all', kicked_participants_count: 2 });
    for (const { page } of people) await seesLeave(page, 'ended');
    await book.tells(meetingId, ...EVERYBODY_OUT);
  });

  test('who leaves sees `left`, and the others that it left (RTK-12)', async () => {
    const { people, meetingId } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    await ben.page.evaluate(() => e2e.realtimekit().client.leave());
    await seesLeave(ben.page, 'left');
    await sees(hanna.page, 'participantLeft', 'Ben');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });

  test('who is deleted is out, and does not come in again (RTK-8, RTK-12)', async () => {
    const { people, meetingId, ids } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    await api.realtimeKit.meetings.deleteMeetingParticipant(ben.id, { ...ids, meeting_id: meetingId });
    await seesLeave(ben.page, 'kicked');
    await sees(hanna.page, 'participantLeft', 'Ben');
    expect(await codeOf(ben.page, 'join')).toBe('0004');
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });

  test('a meeting that is INACTIVE keeps who is in, and lets nobody in (RTK-8, RTK-12)', async () => {
    const { people, meetingId, ids } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    await api.realtimeKit.meetings.updateMeetingByID(meetingId, { ...ids, status: 'INACTIVE' });
    expect(await hanna.page.evaluate(() => e2e.realtimekit().client.self.roomState)).toBe('joined');
    await ben.page.evaluate(() => e2e.realtimekit().client.leave());
    expect(await codeOf(ben.page, 'join')).toBe('0004');
    await sees(hanna.page, 'participantLeft', 'Ben');
    // No webhook reports that the meeting is INACTIVE, or the refused login.
    await book.tells(meetingId, 'meeting.participantLeft user-Ben');
  });

  test('a muted microphone is heard by nobody until its owner turns it on; for good where that is forbidden (HOST-3, HOST-4)', async () => {
    const { people } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    const heard = async () => (await totals(hanna.page)).audioPacketsReceived;
    await hanna.page.evaluate(() => e2e.realtimekit().find('Ben').disableAudio());
    await sees(ben.page, 'selfAudio', false);
    await sees(hanna.page, 'audio', 'Ben', false);
    // Everything in flight at the answer has arrived.
    await pause(300);
    const atRest = await heard();
    await pause(700);
    expect(await heard()).toBe(atRest);
    expect(await codeOf(ben.page, 'enableAudio')).toBe('done');
    await until(async () => (await heard()) >= atRest + 10, 'sound again');

    expect(await codeOf(hanna.page, 'muteAll')).toBe('done');
    await until(() => ben.page.evaluate(() => !e2e.realtimekit().client.self.audioEnabled), 'muted again');
    expect(await hanna.page.evaluate(() => e2e.realtimekit().client.self.audioEnabled)).toBe(true);
    expect(await codeOf(ben.page, 'enableAudio')).toBe('1101');
    await pause(300);
    const muted = await heard();
    await pause(700);
    expect(await heard()).toBe(muted);
  });

  test('what is said to all reaches a user of the other dialect, who answers; what is said to some reaches them alone (CHAT-1)', async () => {
    const { people, meetingId } = await meet('Hanna', 'Ben', 'Cem');
    const [hanna, ben, cem] = people as unknown as [Person, Person, Person];
    const zed = await ZegoTab.join(hall.stage, hall.gavel.baseUrl, hall.gavel.app.appId, meetingId, 'zed');
    hall.pages.push(zed.page);
    await hanna.page.evaluate(async () => {
      const user = e2e.realtimekit();
      await user.client.chat.sendTextMessage('to Ben', [user.find('Ben').id]);
      await user.client.chat.sendTextMessage('to all');
    });
    await sees(ben.page, 'chat', 'Hanna', 'to Ben');
    for (const { page } of people) await sees(page, 'chat', 'Hanna', 'to all');
    const messages = () =>
      zed.page.evaluate(() =>
        e2e.zego().recorded.flatMap(({ event, args }) => (event === 'IMRecvBroadcastMessage' ? [args[1]] : [])),
      );
    await until(async () => (await messages()).length > 0, 'the message');
    expect(await messages()).toMatchObject([[{ message: 'to all', fromUser: { userName: 'Hanna' } }]]);
    await zed.page.evaluate((room) => e2e.zego().engine.sendBroadcastMessage(room, 'hello'), meetingId);
    await sees(cem.page, 'chat', 'Name of zed', 'hello');
    expect(await recorded(cem.page)).not.toContainEqual(['chat', 'Hanna', 'to Ben']);
  });

  test('who may not send sound any more is silent at once, until it may again (HOST-6)', async () => {
    const { people } = await meet('Hanna', 'Ben');
    const [hanna, ben] = people;
    const heard = async () => (await totals(hanna.page)).audioPacketsReceived;
    const setAudio = (access: 'ALLOWED' | 'NOT_ALLOWED') =>
      hanna.page.evaluate((canProduceAudio) => {
        const user = e2e.realtimekit();
        return user.client.participants.updatePermissions([user.find('Ben').id], { canProduceAudio });
      }, access);
    await setAudio('NOT_ALLOWED');
    await sees(ben.page, 'selfAudio', false);
    expect(await codeOf(ben.page, 'enableAudio')).toBe('1101');
    await pause(300);
    const atRest = await heard();
    await pause(700);
    expect(await heard()).toBe(atRest);
    await setAudio('ALLOWED');
    await until(
      () => ben.page.evaluate(() => e2e.realtimekit().client.self.permissions.canProduceAudio === 'ALLOWED'),
      'leave',
    );
    expect(await codeOf(ben.page, 'enableAudio')).toBe('done');
    await until(async () => (await heard()) >= atRest + 10, 'sound again');
  });
});
