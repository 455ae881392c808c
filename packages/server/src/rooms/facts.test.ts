/**
 * Facts: every kind of command, reply, event and answer is equal to itself after JSON. The types say so at compile time,
 * and a history with every kind of command shows it.
 */

import type { MemberId, PollId, PublishId, StreamId, UserId } from '@gavel/protocol';
import { throughJson } from '@gavel/testkit/through-json';
import { expect, test } from 'vitest';
import type { Json } from '../base/json.ts';
import type { EventBatch } from '../owner/event-feed.ts';
import { Rooms } from '../owner/rooms.ts';
import type { LoginCommand, RoomCommand, WaitingTerms } from './commands.ts';
import { eventsOf, type RoomEvent } from './events.ts';
import type { ReplyOf } from './replies.ts';
import { KEY, login, ORIGIN, resume, testSettings } from './testing.ts';
import type { RoomSnapshot, Session } from './views.ts';

type Fact =
  | RoomCommand
  | RoomEvent
  | EventBatch
  | ReplyOf<RoomCommand>
  | RoomSnapshot
  | { readonly origin: typeof ORIGIN };
/** Does not compile if a part of a fact is not JSON. */
const IS_JSON: Fact extends Json<Fact> ? true : false = true;

test('a part that is not JSON is found by the types (BUS-1)', () => {
  const isMap: { readonly a: Map<string, string> } extends Json<{ readonly a: Map<string, string> }> ? true : false =
    false;
  const isBigint: { readonly a?: bigint } extends Json<{ readonly a?: bigint }> ? true : false = false;
  const isUndefined: { a: string | undefined } extends Json<{ a: string | undefined }> ? true : false = false;
  expect([IS_JSON, isMap, isBigint, isUndefined]).toEqual([true, false, false, false]);
});

/** Every kind: a kind that is missing here, or from the history, fails. */
const COMMANDS: Readonly<Record<RoomCommand['type'], true>> = {
  ...{
    login: true,
    logout: true,
    renewToken: true,
    touch: true,
    detach: true,
    abandon: true,
    resume: true,
    expire: true,
  },
  ...{ kick: true, mute: true, replace: true, expireToken: true, setPermissions: true, pin: true, changeStage: true },
  ...{ answerStage: true, rename: true, sendCustom: true, answerWaiting: true, refuseWaiting: true, close: true },
  ...{ reserveStream: true, announceStream: true, endStream: true, addStream: true, deleteStream: true },
  ...{ updateStream: true, forbidStream: true, stopPublishing: true, blockStream: true, setRoomInfo: true, send: true },
  ...{ changeMessage: true, createPoll: true, vote: true, openStores: true, changeStore: true },
};
const EVENTS: Readonly<Record<RoomEvent['type'], true>> = {
  ...{ roomCreated: true, memberJoined: true, memberDetached: true, memberResumed: true, memberLeft: true },
  ...{ streamReserved: true, streamReleased: true, streamAdded: true, streamUpdated: true, streamRemoved: true },
  ...{ membersMuted: true, memberUpdated: true, stageChanged: true, customMessage: true, permissionsChanged: true },
  ...{ pollUpdated: true, storeOpened: true, storeChanged: true, roomInfoSet: true, message: true },
  ...{ messageChanged: true, sessionClosed: true, roomClosed: true, reservationChanged: true, tokenRenewed: true },
  ...{ waitingAdded: true, waitingAccepted: true, waitingRemoved: true, admissionAnswered: true },
};

const HOST: LoginCommand['permissions'] = {
  publishAudio: true,
  publishVideo: true,
  rename: true,
  screen: { publish: true, maxInRoom: 3 },
  stage: { access: 'on-request' },
  polls: { create: true, vote: true, view: true },
  chat: { sendPublic: true, sendPrivate: true, receivePrivate: true, publicFiles: true },
  moderation: { kick: true, muteAudio: true, muteVideo: true, muteScreen: true, changePermissions: true, pin: true },
};
const WAITS: WaitingTerms = { until: 'accepted', rememberedForMs: 1000 };
const target = (userId: string) => ({ label: userId, userIds: [userId as UserId] });
const stream = (streamId: string) => streamId as StreamId;

/** Rooms that send everything through JSON, and count the kinds. */
class Recorder {
  readonly commands = new Set<string>();
  readonly events: RoomEvent[] = [];
  readonly #settings = testSettings();
  readonly #rooms: Rooms;

  constructor() {
    const sink = { handle: (batch: EventBatch) => void this.events.push(...throughJson(batch).events) };
    this.#rooms = new Rooms(this.#settings, { first: [sink], after: [] });
  }

  async run<C extends RoomCommand>(command: C): Promise<ReplyOf<C>> {
    this.commands.add(command.type);
    const reply = throughJson(await this.#rooms.execute(KEY, throughJson(command), ORIGIN));
    const waiting = throughJson(this.#rooms.answer(KEY, { type: 'waiting' }).waiting);
    throughJson(
      [
        this.#rooms.answer(KEY, { type: 'snapshot' }).room,
        this.#rooms.answer(KEY, { type: 'summary' }).room,
        waiting,
      ].filter((one) => one),
    );
    return reply;
  }

  async enter(userId: string, more: Partial<LoginCommand> = {}): Promise<Session> {
    const { session } = await this.run(
      login(userId, { permissions: HOST, profile: { presetName: userId }, sessionKeptMs: 60_000, ...more }),
    );
    if (!session) throw new Error('not in');
    return session;
  }

  async publish(memberId: MemberId, streamId: string, source: 'camera' | 'screen' = 'camera'): Promise<PublishId> {
    const on = { audio: true, video: true };
    const command = {
      type: 'reserveStream',
      memberId,
      streamId: stream(streamId),
      source,
      extraInfo: 'x',
      ...on,
    } as const;
    const { publishId } = (await this.run(command)).stream;
    await this.run({ type: 'announceStream', streamId: stream(streamId), publishId, ...on });
    return publishId;
  }

  advance(ms: number): void {
    this.#settings.clock.advance(ms);
  }
}

/** People, media and stage: everything that one member does or that happens to it. */
async function playMembers(recorder: Recorder): Promise<void> {
  const ann = await recorder.enter('ann', { tokenExpiresAtMs: 9e12, attempt: { id: 'try', isRetry: false } });
  const { memberId } = ann.member;
  const { connectionId } = login('ann');
  await recorder.run({ type: 'touch', memberIds: [memberId] });
  await recorder.run({ type: 'changeStage', memberId, action: 'request' });
  await recorder.run({ type: 'answerStage', targets: [target('ann')], answer: 'grant' });
  await recorder.run({ type: 'changeStage', memberId, action: 'join' });
  const publishId = await recorder.publish(memberId, 'a');
  await recorder.publish(memberId, 's', 'screen');
  await recorder.run({ type: 'updateStream', memberId, streamId: stream('a'), extraInfo: 'y' });
  await recorder.run({ type: 'blockStream', streamId: stream('a'), blocked: { audio: true, video: false } });
  const kinds = { audio: true, video: true, screen: true };
  await recorder.run({ type: 'mute', targets: [target('ann')], require: 'any', kinds, allowUnmute: false });
  await recorder.run({ type: 'endStream', streamId: stream('a'), publishId });
  const reserve = { type: 'reserveStream', memberId, streamId: stream('b'), extraInfo: '' } as const;
  await recorder.run({ ...reserve, audio: true, video: true });
  await recorder.run({ type: 'updateStream', memberId, streamId: stream('b'), extraInfo: 'z' });
  await recorder.run({ type: 'forbidStream', streamId: stream('b') });
  const from = { id: 'ann' as UserId, name: 'ann' };
  await recorder.run({ type: 'addStream', user: from, streamId: stream('c'), title: 't', extraInfo: '' });
  await recorder.run({ type: 'deleteStream', streamId: stream('c'), actorUserId: 'ann' as UserId });
  await recorder.publish(memberId, 'd');
  await recorder.run({ type: 'stopPublishing', memberIds: [memberId] });
  await recorder.run({ type: 'pin', targets: [target('ann')], pinned: true });
  await recorder.run({ type: 'rename', memberId, name: 'Ann' });
  const publishing = { publishAudio: true, publishVideo: false, publishStreamIds: [stream('e')] };
  await recorder.run({ type: 'renewToken', memberId, tokenExpiresAtMs: 9.1e12, publishing });
  await recorder.run({ type: 'detach', memberId, connectionId });
  const { missed } = await recorder.run(resume(ann));
  expect(missed?.map(({ type }) => type)).toContain('streamAdded');
  await recorder.run({ type: 'detach', memberId, connectionId: 'again' });
  await recorder.run({ type: 'abandon', memberId, connectionId: 'again' });
}

/** What members say to each other and share. */
async function playTalk(recorder: Recorder): Promise<void> {
  const { memberId, user } = (await recorder.enter('ann')).member;
  const ben = (await recorder.enter('ben')).member;
  const message = { type: 'send', kind: 'chat', by: memberId, from: user, text: 'hi' } as const;
  const { messageId } = await recorder.run(message);
  await recorder.run({ ...message, kind: 'command', to: ['ben' as UserId, 'nobody' as UserId] });
  await recorder.run({ type: 'changeMessage', memberId, messageId, to: { action: 'edit', text: 'ho' } });
  await recorder.run({ type: 'changeMessage', memberId, messageId, to: { action: 'delete' } });
  const payload = { deep: [{ value: null }] };
  const custom = { type: 'sendCustom', memberId, messageType: 'wave', payload } as const;
  await recorder.run(custom);
  await recorder.run({ ...custom, to: [ben.memberId], toProfile: { key: 'presetName', values: ['ben'] } });
  await recorder.run({ type: 'setRoomInfo', user, key: 'k', value: 'v' });
  const poll = { type: 'createPoll', by: memberId, question: '?', options: ['a', 'b'] } as const;
  const pollIds: PollId[] = [];
  for (const hideVotes of [false, true]) {
    pollIds.push((await recorder.run({ ...poll, anonymous: false, hideVotes })).poll.pollId);
  }
  for (const pollId of pollIds) await recorder.run({ type: 'vote', memberId: ben.memberId, pollId, option: 1 });
  for (const view of [false, true]) {
    await recorder.run({ type: 'setPermissions', targets: [target('ben')], changes: { polls: { view } } });
  }
  await recorder.run({ type: 'openStores', memberId, names: ['s'] });
  const value = JSON.parse('{"__proto__":[1,"é",null,-0.5]}') as object;
  const steps = [
    { action: 'set', key: 'k', value },
    { action: 'delete', key: 'k' },
  ] as const;
  for (const step of steps) await recorder.run({ type: 'changeStore', memberId, name: 's', steps: [step] });
}

/** The ways in and out. */
async function playExits(recorder: Recorder): Promise<void> {
  const host = (await recorder.enter('host')).member;
  for (const isAccepted of [true, false]) {
    const { waiting } = await recorder.run(login(`guest-${isAccepted}`, { waits: WAITS }));
    await recorder.run({ type: 'answerWaiting', memberIds: [waiting?.memberId as MemberId], isAccepted });
  }
  await recorder.run(login('late', { waits: WAITS }));
  await recorder.run({ type: 'refuseWaiting' });
  await recorder.run(login('late', { waits: WAITS }));
  const targets = [target('late'), target('ben')];
  const reply = await recorder.run({ type: 'kick', targets, require: 'all', reason: 'spam' });
  expect([reply.members.length, reply.waiting.length]).toEqual([1, 1]);
  const memberIds = [(await recorder.enter('dan')).member.memberId];
  await recorder.run({ type: 'replace', memberIds });
  const cem = (await recorder.enter('cem')).member;
  await recorder.run({ type: 'expireToken', memberId: cem.memberId });
  await recorder.run({ type: 'logout', memberId: host.memberId });
  recorder.advance(100_000);
  await recorder.run({ type: 'expire' });
  await recorder.enter('host');
  await recorder.run({ type: 'close', reason: 'over', announce: true });
  await recorder.run(login('late', { waits: WAITS }));
  await recorder.run({ type: 'close', reason: 'over', announce: true });
}

test('every kind of command, reply, event and answer is equal to itself after JSON (BUS-1)', async () => {
  const recorder = new Recorder();
  await playMembers(recorder);
  await playTalk(recorder);
  await playExits(recorder);
  expect([...recorder.commands].sort()).toEqual(Object.keys(COMMANDS).sort());
  expect([...new Set(recorder.events.map(({ type }) => type))].sort()).toEqual(Object.keys(EVENTS).sort());
  expect(eventsOf(recorder.events, 'roomClosed')).toHaveLength(3);
});
