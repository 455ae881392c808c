/**
 * Hidden participants, and participants who are not shown the list: presets of the API, on signalling connections.
 */

import type { RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let meeting: string;
const enter = (name: string, preset?: string) => people.enter(meeting, name, preset);

beforeAll(async () => {
  people = await startPeople();
  const media = {
    audio: { can_produce: 'ALLOWED' },
    video: { can_produce: 'ALLOWED' },
    screenshare: { can_produce: 'ALLOWED' },
  };
  const polls = { can_create: true, can_vote: true, can_view: true };
  await people.newPreset('hidden', { hidden_participant: true, media, polls, can_edit_display_name: true });
  await people.newPreset('hidden-host', { hidden_participant: true, kick_participant: true });
  await people.newPreset('listless', { show_participant_list: false });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const names = ({ events }: RawClient) => events.map(({ event }) => event);
const usersOf = (members: readonly { readonly user: { readonly name: string } }[]) =>
  members.map(({ user }) => user.name);
const snapshotOf = async (client: RawClient) =>
  (await client.request('snapshot')).result as {
    members: { user: { name: string } }[];
    memberCount: number;
    userSeq: number;
  };

describe('a hidden participant', () => {
  it('is in the room, and other clients are told nothing of it: no event, list or count (HIDE-1)', async () => {
    const ann = await enter('ann');
    const spy = await enter('spy', 'hidden');
    expect(usersOf(spy.login.room.members)).toEqual(['ann', 'spy']);
    const ben = await enter('ben');
    expect(usersOf(ben.login.room.members)).toEqual(['ann', 'ben']);
    expect([ann, spy, ben].map(({ login }) => login.room.memberCount)).toEqual([1, 1, 2]);
    await spy.client.request('rename', { name: 'nobody' });
    expect(await ann.client.request('heartbeat')).toMatchObject({ result: { memberCount: 2 } });
    expect(usersOf((await snapshotOf(ann.client)).members)).toEqual(['ann', 'ben']);
    await spy.client.request('logout');
    await ben.client.request('heartbeat');
    expect([names(ann.client), names(ben.client)]).toEqual([['memberJoined'], []]);
  });

  it('leaves no hole in the version of the list, for those who resume neither (HIDE-2)', async () => {
    const ann = await enter('ann');
    const spy = await enter('spy', 'hidden');
    await enter('ben');
    const cem = await enter('cem');
    const joined = ann.client.events.flatMap((event) => (event.event === 'memberJoined' ? [event.userSeq] : []));
    const { userSeq } = ann.login.room;
    expect([joined, cem.login.room.userSeq]).toEqual([[userSeq + 1, userSeq + 2], userSeq + 2]);
    ann.client.cut();
    await ann.client.closed;
    await spy.client.request('logout');
    const dan = await enter('dan');
    const again = await people.connect();
    const { result } = await again.request('resume', { ticket: ann.login.ticket, lastSeq: ann.login.room.seq });
    const { events } = result as { events: { event: string; userSeq: number }[] };
    expect(events.map(({ event, userSeq: seq }) => [event, seq])).toEqual(
      [1, 2, 3].map((n) => ['memberJoined', userSeq + n]),
    );
    expect(dan.login.room.userSeq).toBe(userSeq + 3);
  });

  it('plays what is published, and does nothing that others would see, whatever a host allows it (HIDE-3, STORE-3)', async () => {
    const ann = await enter('ann');
    await ann.client.media.publish(`cam-${ann.id}`);
    const spy = await enter('spy', 'hidden');
    expect(spy.login.permissions).toMatchObject({
      publishAudio: false,
      publishVideo: false,
      screen: { publish: false },
    });
    expect(await spy.client.media.play(`cam-${ann.id}`)).toHaveProperty('result');
    // A host may see another connection of the user; its changes apply to all of the user's connections.
    const polls = { create: true, vote: true, view: true };
    const changes = { publishAudio: true, publishVideo: true, publishScreen: true, chat: { sendPublic: true }, polls };
    const memberIds = [spy.login.memberId];
    await ann.client.request('moderate', { action: 'setPermissions', memberIds, changes });
    const said = await ann.client.request('send', { kind: 'chat', text: 'hello' });
    const { messageId } = said.result as { messageId: number };
    const asked = await ann.client.request('createPoll', { question: 'who?', options: ['a', 'b'] });
    const { pollId } = asked.result as { pollId: string };
    const before = ann.client.events.length;
    const requests = [
      ['send', { kind: 'chat', text: 'hello' }],
      ['send', { kind: 'command', text: 'hello', to: [ann.id] }],
      ['sendCustom', { type: 'wave', payload: {} }],
      ['changeMessage', { action: 'pin', messageId }],
      ['setRoomInfo', { key: 'topic', value: 'me' }],
      ['vote', { pollId, option: 0 }],
      ['changeStore', { name: 'notes', steps: [{ action: 'set', key: 'who', value: 'me' }] }],
      ['createPoll', { question: 'who?', options: ['a', 'b'], anonymous: false, hideVotes: false }],
    ] as const;
    for (const source of ['camera', 'screen'] as const) {
      const { error } = await spy.client.media.publish(`${source}-${spy.id}`, { source });
      expect(error?.code, source).toBe('member.not-allowed');
    }
    for (const [method, params] of requests) {
      expect((await spy.client.request(method, params)).error?.code, method).toBe('member.not-allowed');
    }
    await ann.client.request('heartbeat');
    expect(ann.client.events).toHaveLength(before);
  });

  it('is not given away by what is sent to it (HIDE-1)', async () => {
    const [ann, spy] = [await enter('ann'), await enter('spy', 'hidden')];
    const sent = await ann.client.request('send', { kind: 'command', text: 'psst', to: [spy.id, 'nobody'] });
    expect(sent.result).toMatchObject({ absent: [spy.id, 'nobody'] });
    expect(await spy.client.event('message')).toMatchObject({ text: 'psst' });
  });

  it('counts for the backend, in the session and its history, and is kicked like anybody (HIDE-1)', async () => {
    const { kit, ids } = people;
    const [ann, spy] = [await enter('ann'), await enter('spy', 'hidden')];
    const { data: session } = await kit.activeSession.getActiveSession(meeting, ids);
    expect(session).toMatchObject({ live_participants: 2 });
    const { data } = await kit.sessions.getSessionParticipants(session?.id ?? '', ids);
    expect(data?.participants?.map(({ custom_participant_id: name }) => name).sort()).toEqual(['ann', 'spy']);
    const kicked = await kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: [spy.id] });
    expect(kicked.data?.participants).toMatchObject([{ id: spy.id }]);
    expect((await spy.client.closed).code).toBe(4500);
    await ann.client.request('heartbeat');
    expect(ann.client.events).toEqual([]);
  });

  it('keeps the rights over others that its preset gives it (HIDE-3, STORE-3)', async () => {
    const [ann, spy] = [await enter('ann'), await enter('spy', 'hidden-host')];
    const kicked = await spy.client.request('moderate', { action: 'kick', memberId: ann.login.memberId });
    expect(kicked.error).toBeUndefined();
    expect((await ann.client.closed).code).toBe(4500);
  });
});

describe('a participant who is not shown the list', () => {
  it('is told of no other member, whatever its client asks for, and of all streams (HIDE-4)', async () => {
    const ann = await enter('ann');
    const guest = await enter('guest', 'listless');
    expect(guest.login.room.members).toEqual([]);
    await enter('ben');
    await ann.client.media.publish(`cam-${ann.id}`);
    const { stream } = await guest.client.event('streamAdded');
    expect(await guest.client.media.play(stream.streamId)).toHaveProperty('result');
    expect((await snapshotOf(guest.client)).members).toEqual([]);
    expect(names(guest.client)).not.toContain('memberJoined');
    // The others see it.
    await ann.client.event('memberJoined');
    expect(usersOf((await snapshotOf(ann.client)).members)).toEqual(['ann', 'guest', 'ben']);
  });
});
