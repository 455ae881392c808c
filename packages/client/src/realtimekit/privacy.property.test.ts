import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeDevices } from '../testing/fake-devices.ts';
import { LOST, loginResult, snapshot } from '../testing/fake-server.ts';
import { FakeStreams } from '../testing/fake-streams.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

const device = fc.constantFrom('audio' as const, 'video' as const, 'screen' as const);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('on' as const, 'off' as const), kind: device }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('choose' as const), kind: fc.constantFrom('audio', 'video') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mood' as const),
      kind: device,
      delayMs: fc.constantFrom(0, 5, 600, 3_000),
      refusal: fc.constantFrom(undefined, undefined, 'NotAllowedError', 'NotReadableError'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unplug' as const), kind: device }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'join' as const, 'leave' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('cut', 'mend', 'deaf', 'silent', 'hear', 'transport', 'mediaLost', 'forget' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 5, 400, 2_000, 9_000) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Half of the runs begin in the room, with all on. */
const STARTS: readonly (readonly Step[])[] = [
  [],
  [
    { do: 'join' },
    { do: 'wait', ms: 5 },
    { do: 'on', kind: 'audio' },
    { do: 'on', kind: 'video' },
    { do: 'on', kind: 'screen' },
    { do: 'wait', ms: 400 },
  ],
];
const run = fc.record({
  start: fc.constantFrom(...STARTS),
  steps: fc.array(step, { maxLength: 20 }),
  pauseMs: fc.constantFrom(0, 5, 700, 4_000, 13_000),
});

/** A session is lost a second time while what is on was told to the server that lost it. */
const LOST_TWICE = {
  start: STARTS[1] ?? [],
  steps: [{ do: 'forget' }, { do: 'wait', ms: 400 }, { do: 'cut' }] satisfies Step[],
  pauseMs: 0 as const,
};

interface Wanted {
  readonly audio: boolean;
  readonly video: boolean;
  readonly screen: boolean;
}

/** One client with its machine and its server, driven step by step. */
async function play(steps: readonly Step[], end: 'leaves at once' | 'leaves' | Wanted, pauseMs = 0) {
  const world = createWorld();
  const { clock, server, media } = world;
  const devices = new FakeDevices(clock);
  vi.stubGlobal('navigator', devices.navigator);
  const streams = new FakeStreams(server);
  let logins = 0;
  server.answers.login = () => {
    logins += 1;
    // A login makes the member anew, without the streams of its lost session.
    streams.facts.clear();
    return loginResult({ memberId: `m-${logins}`, room: snapshot({ seq: logins * 100 }) });
  };
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const { self } = meeting;
  const ignore = (): void => {};
  const turn = (kind: 'audio' | 'video' | 'screen', on: boolean) => {
    const calls = {
      audio: [self.enableAudio, self.disableAudio],
      video: [self.enableVideo, self.disableVideo],
      screen: [self.enableScreenShare, self.disableScreenShare],
    } as const;
    const call = calls[kind][on ? 0 : 1];
    (call as () => Promise<void>).call(self).catch(ignore);
  };
  const connect = () => {
    for (const peer of media.open) if (peer.connectionState !== 'connected' && peer.remoteSdp) peer.become('connected');
  };
  const advance = async (ms: number) => {
    await clock.advance(0);
    connect();
    // In steps that are shorter than the time in which a transport must connect.
    for (let restMs = ms; restMs > 0; restMs -= 8_000) {
      await clock.advance(Math.min(restMs, 8_000));
      connect();
    }
    await clock.advance(0);
  };

  for (const one of steps) {
    if (one.do === 'on' || one.do === 'off') turn(one.kind, one.do === 'on');
    else if (one.do === 'choose') {
      const kind = one.kind === 'audio' ? 'audioinput' : 'videoinput';
      self.setDevice({ kind, deviceId: 'other' } as MediaDeviceInfo).catch(ignore);
    } else if (one.do === 'mood')
      Object.assign(devices.moods[one.kind], { delayMs: one.delayMs, refusal: one.refusal });
    else if (one.do === 'unplug') devices.unplug(one.kind);
    else if (one.do === 'join') meeting.join().catch(ignore);
    else if (one.do === 'leave') {
      meeting.leave().catch(ignore);
      // Where the server cannot be told in that moment, the missing heartbeat takes the member out (ROOM-4).
      streams.facts.clear();
    } else if (one.do === 'wait') await advance(one.ms);
    else if (one.do === 'cut') {
      server.isReachable = false;
      if (server.sockets.length > 0) server.socket.close(1006);
    } else if (one.do === 'mend') server.isReachable = true;
    else if (one.do === 'transport') media.open.at(-1)?.become('failed');
    else if (one.do === 'mediaLost') {
      if (self.roomJoined) await server.push({ event: 'mediaLost' });
    } else if (one.do === 'forget') {
      // The server has restarted: it knows of nobody.
      streams.facts.clear();
      server.resume = LOST;
      if (server.sockets.length > 0) server.socket.close(1006);
    } else {
      streams.isDeaf = one.do === 'deaf';
      streams.isSilent = one.do === 'silent';
    }
  }

  // The last word is said in whatever state things are; only then all works again, and nothing else happens.
  const isIn = self.roomJoined;
  for (const mood of Object.values(devices.moods)) mood.refusal = undefined;
  if (end === 'leaves at once') await meeting.leave();
  else if (end !== 'leaves') {
    meeting.join().catch(ignore);
    for (const kind of ['audio', 'video', 'screen'] as const) turn(kind, end[kind]);
  }
  await advance(pauseMs);
  server.isReachable = true;
  streams.isDeaf = streams.isSilent = false;
  world.goOnline();
  // A join that timed out during the pause has failed for good; the application tries again.
  if (typeof end === 'object') meeting.join().catch(ignore);
  if (end === 'leaves') {
    await advance(60_000);
    await meeting.leave();
  }
  for (let round = 0; round < 6; round += 1) await advance(10_000);
  return { devices, streams, self, media, isIn };
}

test('whatever happens to devices, room and network, nothing is live that is not wanted, and the others are told what is (PRIV-1, PRIV-2, PRIV-3)', async () => {
  const wanted = fc.record({ audio: fc.boolean(), video: fc.boolean(), screen: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(run, wanted, async ({ start, steps, pauseMs }, said) => {
      const { devices, streams, self, media, isIn } = await play([...start, ...steps], said, pauseMs);
      // Outside of a room no screen can be shared.
      const last = { ...said, screen: said.screen && isIn };
      expect({ audio: self.audioEnabled, video: self.videoEnabled, screen: self.screenShareEnabled }).toEqual(last);
      expect(devices.live('video')).toEqual(last.video ? [self.videoTrack] : []);
      // An open microphone may stay open while it is off, silent.
      const microphones = devices.live('audio');
      expect(microphones.filter(({ enabled }) => enabled)).toEqual(last.audio ? [self.audioTrack] : []);
      expect(microphones.length).toBeLessThanOrEqual(1);
      expect(devices.live('screen')).toHaveLength(last.screen ? 2 : 0);
      const own = [...streams.facts].map(([id, facts]) => ({ ...facts, isScreen: id.endsWith('-screen') }));
      const camera = own.filter(({ isScreen }) => !isScreen);
      expect(camera.length).toBeLessThanOrEqual(1);
      expect({ audio: false, video: false, ...camera[0] }).toMatchObject({ audio: last.audio, video: last.video });
      expect(own.filter(({ isScreen }) => isScreen)).toEqual(
        last.screen ? [{ audio: true, video: true, isScreen: true }] : [],
      );
      const sent = media.open.flatMap(({ transceivers }) => transceivers.flatMap(({ sender }) => sender.track ?? []));
      expect(sent.filter((track) => track.enabled && track.readyState === 'live').length).toBe(
        Number(last.audio) + Number(last.video) + (last.screen ? 2 : 0),
      );
    }),
    { numRuns: 200, examples: [[LOST_TWICE, { audio: false, video: false, screen: false }]] },
  );
}, 60_000);

test('after leave() no device is live and nothing is published, whatever came before (PRIV-1)', async () => {
  await fc.assert(
    fc.asyncProperty(run, fc.boolean(), async ({ start, steps }, isAtOnce) => {
      const { devices, streams, self, media } = await play(
        [...start, ...steps],
        isAtOnce ? 'leaves at once' : 'leaves',
      );
      expect([devices.live().length, media.open.length]).toEqual([0, 0]);
      // A server that cannot be reached in that moment is not told.
      if (!isAtOnce) expect(streams.facts.size).toBe(0);
      expect([self.audioEnabled, self.videoEnabled, self.screenShareEnabled]).toEqual([false, false, false]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
