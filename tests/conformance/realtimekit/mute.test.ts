/**
 * Muting people of an active session: operations of the published schema that the vendor's client does not have.
 */

import type { MemberId, StreamId } from '@gavel/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(async () => {
  meeting = await harness.newMeeting();
});

const call = (operation: 'mute' | 'mute-all', body: unknown, meetingId = meeting) =>
  harness.request(
    'POST',
    `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings/${meetingId}/active-session/${operation}`,
    { contentType: 'application/json', body: JSON.stringify(body) },
  );
const key = () => ({ appId: 1, environment: 'production', roomId: meeting }) as never;
const origin = { channel: 'server', requestId: 'test' } as const;

/** A member that publishes audio and video. */
async function enter(customId: string) {
  const { id, token } = await harness.newParticipant(meeting, customId, { name: customId });
  const { memberId } = (await harness.enter(token)).member;
  await publish(memberId, `s-${id}`);
  return { id, memberId, streamId: `s-${id}` as StreamId };
}

async function publish(memberId: MemberId, name: string) {
  const streamId = name as StreamId;
  const on = { audio: true, video: true };
  const reserve = { type: 'reserveStream', memberId, streamId, extraInfo: '', ...on } as const;
  const { publishId } = (await harness.rooms.execute(key(), reserve, origin)).stream;
  await harness.rooms.execute(key(), { type: 'announceStream', streamId, publishId, ...on }, origin);
}

const turnOn = (memberId: MemberId, streamId: StreamId) =>
  harness.rooms.execute(key(), { type: 'updateStream', memberId, streamId, audio: true }, origin);
const audioOf = async () =>
  Object.fromEntries((await harness.rooms.snapshot(key()))?.streams.map(({ user, audio }) => [user.id, audio]) ?? []);

describe('mute', () => {
  it('switches the microphones of those named off, and says who they are (HOST-5)', async () => {
    const [anna, ben, cem] = [await enter('anna'), await enter('ben'), await enter('cem')];
    const answer = await call('mute', { participant_ids: [anna.id], custom_participant_ids: ['ben'] });
    const person = { created_at: expect.any(String), updated_at: expect.any(String) };
    const participants = [
      { id: anna.id, name: 'anna', ...person },
      { id: ben.id, name: 'ben', ...person },
    ];
    expect([answer.status, answer.body]).toEqual([200, { success: true, data: { action: 'mute', participants } }]);
    expect(await audioOf()).toEqual({ [anna.id]: false, [ben.id]: false, [cem.id]: true });
    await turnOn(anna.memberId, anna.streamId);
    expect(await audioOf()).toMatchObject({ [anna.id]: true, [ben.id]: false });
  });

  it('mutes nobody where one is not in the session (HOST-5, RTK-4)', async () => {
    const anna = await enter('anna');
    const { status, body } = await call('mute', { participant_ids: [anna.id, NOBODY] });
    const error = { code: 404, message: `No user found with id ${NOBODY}` };
    expect([status, body]).toEqual([404, { success: false, error }]);
    expect(await audioOf()).toEqual({ [anna.id]: true });
  });
});

describe('mute-all', () => {
  it('switches everybody’s off, who may switch on again (HOST-5)', async () => {
    const [anna, ben] = [await enter('anna'), await enter('ben')];
    const { body } = await call('mute-all', {});
    expect(body).toEqual({ success: true, data: { action: 'mute_all', muted_participants_count: 2 } });
    expect(await audioOf()).toEqual({ [anna.id]: false, [ben.id]: false });
    await expect(turnOn(ben.memberId, ben.streamId)).resolves.toBeDefined();
  });

  it('for good with allow_unmute false, until one that allows it (HOST-5, HOST-4)', async () => {
    const anna = await enter('anna');
    await call('mute-all', { allow_unmute: false });
    await expect(turnOn(anna.memberId, anna.streamId)).rejects.toMatchObject({ code: 'member.not-allowed' });
    await call('mute-all', { allow_unmute: true });
    await expect(turnOn(anna.memberId, anna.streamId)).resolves.toBeDefined();
  });
});

describe('refusals', () => {
  it.each([
    ['mute', { participant_ids: ['p'] }],
    ['mute-all', {}],
  ] as const)('%s of a meeting in which nobody is: 404 (HOST-5, RTK-4)', async (operation, body) => {
    for (const meetingId of [meeting, NOBODY]) {
      const message = `No active session found for meeting_id ${meetingId}`;
      expect(await call(operation, body, meetingId)).toMatchObject({ status: 404, body: { error: { message } } });
    }
  });

  it.each([
    ['mute', {}],
    ['mute', { participant_ids: [], custom_participant_ids: [] }],
    ['mute', { participant_ids: ['p'], kinds: ['video'] }],
    ['mute-all', { allow_unmute: 'no' }],
    ['mute-all', { allowUnmute: false }],
  ] as const)('%s of %j: 400 (HOST-5)', async (operation, body) => {
    await enter('anna');
    expect(await call(operation, body)).toMatchObject({ status: 400, body: { error: { code: 400 } } });
  });
});
