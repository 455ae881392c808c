import { describe, expect, it } from 'vitest';
import type { EngineEvent } from './engine.ts';
import { readReason, reduceEvent } from './room-reducer.ts';
import { OUTSIDE, type RoomState } from './room-state.ts';

const NOW_MS = 100_000;
const ann = { userID: 'ann', userName: 'Ann' };
const bob = { userID: 'bob', userName: 'Bob' };
const urls = { urlsFLV: '', urlsRTMP: '', urlsHLS: '', urlsHttpsFLV: '', urlsHttpsHLS: '' };
const listed = (streamID: string, user = bob) => ({ streamID, user, extraInfo: '', ...urls });

const inside: RoomState = {
  ...OUTSIDE,
  phase: { kind: 'inside' },
  roomId: 'r',
  self: { userId: 'ann', userName: 'Ann' },
};
const publishing: RoomState = {
  ...inside,
  own: {
    kind: 'live',
    streamId: 'ann-main',
    media: {} as MediaStream,
    isCamera: true,
    micOn: true,
    cameraOn: true,
    quality: undefined,
  },
};
const play = (state: RoomState, ...events: EngineEvent[]) =>
  events.reduce((before, event) => reduceEvent(before, event, NOW_MS), state);
const publisher = (state: 'NO_PUBLISH' | 'PUBLISHING', errorCode: number): EngineEvent => [
  'publisherStateUpdate',
  { streamID: 'ann-main', state, errorCode, extendedData: '' },
];

describe('the phase', () => {
  it('follows login, an outage and the return', () => {
    const kinds = (['LOGINING', 'LOGINED', 'RECONNECTING', 'RECONNECTED'] as const).map(
      (reason) => play(OUTSIDE, ['roomStateChanged', 'r', reason, 0, '']).phase.kind,
    );
    expect(kinds).toEqual(['joining', 'inside', 'reconnecting', 'inside']);
  });

  it('tells since when the connection is lost, which is before the SDK reports it', () => {
    const { phase } = play(inside, ['roomStateChanged', 'r', 'RECONNECTING', 1002051, '']);
    expect(phase).toEqual({ kind: 'reconnecting', sinceMs: NOW_MS - 1_500 });
  });

  it.each([
    [1002055, 'removed'],
    [1002050, 'replaced'],
    [1102018, 'token-expired'],
    [1002099, 'removed'],
  ] as const)('ends with %i as %s, and nothing of the room is left', (code, kind) => {
    const crowded = play(publishing, ['roomUserUpdate', 'r', 'ADD', [bob]]);
    const extendedData = JSON.stringify({ custom_kickout_message: 'spam 垃圾 🙂' });
    const state = play(crowded, ['roomStateChanged', 'r', 'KICKOUT', code, extendedData]);
    expect(state.phase).toEqual({ kind: 'ended', ending: { kind, code, reason: 'spam 垃圾 🙂' } });
    expect([state.members, state.streams, state.own]).toEqual([[], [], { kind: 'none' }]);
  });

  it('ends as lost when the SDK gives up', () => {
    const { phase } = play(inside, ['roomStateChanged', 'r', 'RECONNECT_FAILED', 1002053, '']);
    expect(phase).toMatchObject({ kind: 'ended', ending: { kind: 'lost' } });
  });

  it('says why a login failed', () => {
    const { phase } = play(OUTSIDE, ['roomStateChanged', 'r', 'LOGIN_FAILED', 1002033, '']);
    expect(phase).toEqual({ kind: 'outside', error: { code: 1002033, text: 'The token was refused.' } });
  });
});

describe('members', () => {
  it('come and go, without this user, and never twice', () => {
    const both = play(inside, ['roomUserUpdate', 'r', 'ADD', [ann, bob]], ['roomUserUpdate', 'r', 'ADD', [bob]]);
    expect(both.members).toEqual([{ userId: 'bob', userName: 'Bob' }]);
    expect(play(both, ['roomUserUpdate', 'r', 'DELETE', [bob]]).members).toEqual([]);
  });
});

describe('streams of others', () => {
  const added = play(inside, ['roomStreamUpdate', 'r', 'ADD', [listed('b1'), listed('a1', ann)], '']);

  it('are listed without own ones', () => {
    expect(added.streams.map((stream) => stream.streamId)).toEqual(['b1']);
  });

  it('keep their picture when they are told again', () => {
    const media = {} as MediaStream;
    const known = { ...added, streams: added.streams.map((stream) => ({ ...stream, media })) };
    expect(play(known, ['roomStreamUpdate', 'r', 'ADD', [listed('b1')], '']).streams[0]?.media).toBe(media);
  });

  it('carry their mute states', () => {
    const muted = play(
      added,
      ['remoteCameraStatusUpdate', 'b1', 'MUTE'],
      ['remoteMicStatusUpdate', 'b1', 'MUTE'],
      ['remoteMicStatusUpdate', 'b1', 'OPEN'],
    );
    expect(muted.streams[0]).toMatchObject({ cameraOn: false, micOn: true });
  });

  it('go', () => {
    expect(play(added, ['roomStreamUpdate', 'r', 'DELETE', [listed('b1')], '']).streams).toEqual([]);
  });

  it('say why they do not play', () => {
    const state = { streamID: 'b1', state: 'NO_PLAY', errorCode: 1004002, extendedData: '' } as const;
    expect(play(added, ['playerStateUpdate', state]).streams[0]?.play).toEqual({
      kind: 'stopped',
      error: { code: 1004002, text: 'The stream no longer exists.' },
    });
  });
});

describe('the own stream', () => {
  it.each([
    ['roomStreamUpdate', ['roomStreamUpdate', 'r', 'DELETE', [listed('ann-main', ann)], '{}']],
    ['publisherStateUpdate', publisher('NO_PUBLISH', 1003025)],
  ] as [string, EngineEvent][])('is removed when %s says so', (_name, event) => {
    expect(play(publishing, event).own).toEqual({ kind: 'removed', streamId: 'ann-main' });
  });

  it('is removed once, whichever callback comes first', () => {
    const deleted: EngineEvent = ['roomStreamUpdate', 'r', 'DELETE', [listed('ann-main', ann)], '{}'];
    expect(play(publishing, deleted, publisher('NO_PUBLISH', 1003025)).own.kind).toBe('removed');
    expect(play(publishing, publisher('NO_PUBLISH', 1003025), deleted).own.kind).toBe('removed');
  });

  it('has failed when its media could not be regained', () => {
    expect(play(publishing, publisher('NO_PUBLISH', 1103051)).own).toMatchObject({
      kind: 'failed',
      error: { code: 1103051 },
    });
  });

  it('stays as it is when this page has stopped it', () => {
    expect(play(inside, publisher('NO_PUBLISH', 0)).own).toEqual({ kind: 'none' });
  });
});

describe('readReason', () => {
  it.each([
    ['{"custom_kickout_message":"a \\"b\\" 🙂"}', 'a "b" 🙂'],
    ['{"custom_kickout_message":"kickout by server api; kickout reason: 2"}', ''],
    ['{"other":1}', ''],
    ['not json', ''],
    ['', ''],
    ['null', ''],
  ])('reads %s', (text, reason) => {
    expect(readReason(text)).toBe(reason);
  });
});
