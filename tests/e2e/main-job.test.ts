import type { EngineDump } from '@gavel/media';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { countAfter, expectSilence, now, pause } from './counting.ts';
import { openStage, type Stage, Wire, ZegoTab } from './harness.ts';

const REASON = 'spam 垃圾信息 🙂';
const KICKOUT_DATA = JSON.stringify({ custom_kickout_message: REASON });
const ROOM = 'lobby';

let stage: Stage;
let gavel: TestServer;

const openPair = (server = gavel.baseUrl) => ZegoTab.openPair(stage, [gavel.baseUrl, server], gavel.app.appId, ROOM);

describe.skipIf(CHROMIUM === '')('two browsers in a room with real media', () => {
  beforeAll(async () => {
    stage = await openStage('page', 'e2e', { isDesktop: true });
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await gavel.close();
  });

  test('a kicked user hears why and stops, the others see it go, and its media ends with the answer (KICK-4, KICK-5, KICK-6)', async () => {
    const { a, b } = await openPair();
    expect(await b.tracks()).toEqual(['audio:live', 'video:live']);
    const counted = await countAfter(gavel, async () => {
      const answer = await gavel.call('KickoutUser', { RoomId: ROOM, 'UserId[]': ['bob'], CustomReason: REASON });
      expect(answer).toMatchObject({ Code: 0, Message: 'success' });
    });
    // Only Alice's publisher is left, without players.
    expectSilence(counted, { publishers: 1, players: 0 });

    await b.callback('roomStateChanged', 'KICKOUT');
    expect(await b.callbacks('roomStateUpdate', 'roomStateChanged').then((all) => all.slice(-2))).toEqual([
      ['roomStateUpdate', ROOM, 'DISCONNECTED', 1002055, KICKOUT_DATA],
      ['roomStateChanged', ROOM, 'KICKOUT', 1002055, KICKOUT_DATA],
    ]);
    expect(await b.tracks()).toEqual(['audio:ended', 'video:ended']);

    await a.callback('roomUserUpdate', 'DELETE', 'bob');
    const seen = (await a.callbacks('roomStreamUpdate', 'roomUserUpdate')).slice(-2);
    expect(seen).toMatchObject([
      [
        'roomStreamUpdate',
        ROOM,
        'DELETE',
        [{ streamID: 'bob-cam', user: { userID: 'bob' } }],
        expect.stringContaining('"code":4'),
      ],
      ['roomUserUpdate', ROOM, 'DELETE', [{ userID: 'bob', userName: 'Name of bob' }]],
    ]);

    // A kick is not a ban (KICK-10), and no client reconnected automatically.
    expect((await gavel.rooms.summary(keyOf(ROOM)))?.memberCount).toBe(1);
    await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, 'bob');
    expect((await gavel.rooms.summary(keyOf(ROOM)))?.memberCount).toBe(2);
  });

  test('a closed room puts everybody out with the reason, and all media ends with the answer (CLOSE-2)', async () => {
    const { a, b } = await openPair();
    const counted = await countAfter(gavel, async () => {
      expect(await gavel.call('CloseRoom', { RoomId: ROOM, CustomReason: REASON })).toMatchObject({ Code: 0 });
    });
    expectSilence(counted, { publishers: 0, players: 0 });
    for (const tab of [a, b]) {
      await tab.callback('roomStateChanged', 'KICKOUT');
      expect((await tab.callbacks('roomStateChanged')).at(-1)).toEqual([
        'roomStateChanged',
        ROOM,
        'KICKOUT',
        1002055,
        KICKOUT_DATA,
      ]);
      expect(await tab.tracks()).toEqual(['audio:ended', 'video:ended']);
    }
    expect(await gavel.rooms.summary(keyOf(ROOM))).toBeUndefined();
  });

  test('a deleted stream is gone at the others, its owner stays and may publish again (STRM-1, STRM-2, STRM-3)', async () => {
    const { a, b } = await openPair();
    const counted = await countAfter(gavel, async () => {
      const params = { RoomId: ROOM, UserId: 'moderator', StreamId: 'bob-cam' };
      expect(await gavel.call('DeleteStream', params)).toMatchObject({ Code: 0 });
    });
    // Bob plays Alice as before.
    expectSilence(counted, { publishers: 1, players: 1 });
    const deleted = await a.callback('roomStreamUpdate', 'DELETE', 'bob-cam');
    expect(deleted.args[3]).toContain('"code":6');
    await b.callback('publisherStateUpdate', 'NO_PUBLISH', 'bob-cam');
    await b.seesFrames();
    expect((await b.callbacks('roomStateChanged')).at(-1)).toEqual(['roomStateChanged', ROOM, 'LOGINED', 0, null]);

    await b.publish('bob-cam');
    await a.seesFrames();
    expect((await gavel.rooms.snapshot(keyOf(ROOM)))?.streams).toHaveLength(2);
  });

  test('a user kicked while its connection is cut is refused when it comes back, and its media had ended before (KICK-9)', async () => {
    const wire = await Wire.to(gavel.baseUrl);
    try {
      const { b } = await openPair(wire.url);
      wire.cut();
      const counted = await countAfter(gavel, async () => {
        const answer = await gavel.call('KickoutUser', { RoomId: ROOM, 'UserId[]': ['bob'], CustomReason: REASON });
        expect(answer).toMatchObject({ Code: 0 });
      });
      expectSilence(counted, { publishers: 1, players: 0 });
      wire.mend();
      await b.callback('roomStateChanged', 'KICKOUT');
      expect((await b.callbacks('roomStateChanged')).at(-1)).toEqual([
        'roomStateChanged',
        ROOM,
        'KICKOUT',
        1002055,
        KICKOUT_DATA,
      ]);
      expect(await b.tracks()).toEqual(['audio:ended', 'video:ended']);
      expect((await gavel.rooms.summary(keyOf(ROOM)))?.memberCount).toBe(1);
    } finally {
      wire.close();
    }
  });

  test('a client that does not obey, and goes on sending after its kick, is heard by nobody (KICK-4)', async () => {
    const { a, b } = await openPair();
    // Bob's SDK may neither close its peer connections nor stop its tracks.
    await b.page.evaluate(() => {
      RTCPeerConnection.prototype.close = () => {};
      MediaStreamTrack.prototype.stop = () => {};
      RTCRtpSender.prototype.replaceTrack = async () => {};
    });
    await gavel.call('KickoutUser', { RoomId: ROOM, 'UserId[]': ['bob'] });
    const before = await gavel.engine.dump();
    // Time for data that the browsers have already received; the engine's own counters are read from the answer on.
    await pause(250);
    const [sentBefore, receivedBefore] = [(await b.totals()).packetsSent, (await b.totals()).packetsReceived];
    const aliceBefore = (await a.totals()).packetsReceived;
    await pause(1000);
    const [sentAfter, receivedAfter] = [(await b.totals()).packetsSent, (await b.totals()).packetsReceived];
    expect(receivedAfter - receivedBefore).toBe(0);
    expect((await a.totals()).packetsReceived - aliceBefore).toBe(0);
    expect(sentAfter, 'the hostile client goes on sending').toBeGreaterThan(sentBefore);
    const after = await gavel.engine.dump();
    const forwarded = (dump: EngineDump) => dump.streams.reduce((sum, stream) => sum + stream.forwardedPackets, 0);
    expect(forwarded(after)).toBe(forwarded(before));
  });

  test('a killed media worker costs no login, and media is back by itself within 5 s (MED-3)', async () => {
    const { a, b } = await openPair();
    const [worker] = (await gavel.engine.dump()).workers;
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    const killedAtMs = now();
    await Promise.all([a.seesFrames(), b.seesFrames()]);
    expect(now() - killedAtMs).toBeLessThan(5000);
    expect((await gavel.engine.dump()).workers[0]?.pid).not.toBe(worker?.pid);
    expect((await gavel.rooms.summary(keyOf(ROOM)))?.memberCount).toBe(2);
    const rooms = await Promise.all([a, b].map((tab) => tab.callbacks('roomStateChanged')));
    for (const changes of rooms) expect(changes.at(-1)).toEqual(['roomStateChanged', ROOM, 'LOGINED', 0, null]);
    // No client received the end of a stream.
    expect(await a.callbacks('roomStreamUpdate')).toHaveLength(1);
  });

  test('H.264 is published and played as well as VP8 (CONN-1)', async () => {
    const a = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, 'alice');
    const b = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, 'bob');
    await a.publish('alice-cam', { videoCodec: 'H264' });
    await b.callback('roomStreamUpdate', 'ADD', 'alice-cam');
    await b.seesFrames();
    expect((await gavel.engine.dump()).streams[0]?.tracks.map(({ codec }) => codec).join()).toMatch(/h264/i);
  });
});

function keyOf(room: string) {
  return { appId: gavel.app.appId, environment: 'production', roomId: room } as Parameters<
    typeof gavel.rooms.summary
  >[0];
}
