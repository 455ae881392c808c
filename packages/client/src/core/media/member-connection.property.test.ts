import type { NegotiateParams, StreamMids, VideoPreferences } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOffer } from '../../testing/fake-answer.ts';
import { settle } from '../../testing/fake-clock.ts';
import { FakeStream, FakeTrack } from '../../testing/fake-media.ts';
import { type Answer, LOST, loginResult, snapshot, stream } from '../../testing/fake-server.ts';
import { createSession, createWorld, type World } from '../../testing/harness.ts';
import type { RoomSession } from '../session.ts';

const OWN = ['camera', 'screen'] as const;
const OTHERS = ['s1', 's2', 's3', 's4'];
const kind = fc.constantFrom('audio' as const, 'video' as const);
const own = fc.constantFrom(...OWN);
const other = fc.constantFrom(...OTHERS);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), id: own, hasVideo: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unpublish' as const), id: own }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('play' as const), id: other }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop' as const), id: other }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mute' as const), id: own, kind, on: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('replace' as const), id: own, kind, isTrack: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('layer' as const), id: other, layer: fc.constantFrom(0, 1, 2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('show' as const), id: other, height: fc.constantFrom(0, 360, undefined) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('speak' as const), id: other }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('playLost' as const), id: other }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('connect', 'disconnect', 'fail', 'online', 'mediaLost', 'cut', 'mend', 'forget' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('deaf', 'silent', 'hear' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 100, 1_100, 3_000, 9_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the server has of the member: its streams, and what it plays, with the sections of the latest offer. */
class ServerModel {
  readonly published = new Map<string, StreamMids>();
  readonly played = new Map<string, StreamMids>();
  /** What the member wants of the video of each stream that it plays. */
  readonly preferences = new Map<string, VideoPreferences>();
  /** `deaf` ignores offers; `silent` applies them without an answer. */
  mood: 'deaf' | 'silent' | 'hear' = 'hear';

  constructor({ server }: World) {
    server.answers.negotiate = (params) => this.#negotiate(params);
    server.answers.unpublish = ({ streamId }) => ({ done: this.published.delete(streamId) });
    server.answers.stop = ({ streamId }) => ({ done: this.played.delete(streamId) });
    server.answers.updatePlay = ({ streamId, ...preferences }) => {
      if (this.played.has(streamId)) this.preferences.set(streamId, preferences);
      return {};
    };
  }

  forget(): void {
    this.published.clear();
    this.played.clear();
  }

  #negotiate(params: NegotiateParams): Answer {
    if (this.mood === 'deaf') return undefined;
    const isOver = (id: string, ongoing = false) => ongoing && !this.published.has(id);
    const publish = params.publish.filter(({ streamId, ongoing }) => !isOver(streamId, ongoing));
    const answer = answerOffer(params, {
      publish: ({ streamId, ongoing, mids }) =>
        isOver(streamId, ongoing) ? { refuse: 'stream.not-found' } : kindsOf(mids),
      play: ({ mids }) => kindsOf(mids),
    });
    this.forget();
    for (const { streamId, mids } of publish) this.published.set(streamId, mids);
    for (const { streamId, mids, ...preferences } of params.play) {
      this.played.set(streamId, mids);
      this.preferences.set(streamId, preferences);
    }
    return this.mood === 'silent' ? undefined : answer;
  }
}

const kindsOf = (mids: StreamMids) => ({ audio: mids.audio !== undefined, video: mids.video !== undefined });

function connectMedia({ media }: World): void {
  for (const peer of media.open) {
    if (peer.connectionState !== 'connected' && peer.remoteSdp !== undefined) peer.become('connected');
  }
}

async function execute(one: Step, world: World, session: RoomSession, model: ServerModel): Promise<void> {
  const { media } = session;
  const { server } = world;
  const peer = world.media.open.at(-1);
  switch (one.do) {
    case 'publish': {
      const tracks = one.hasVideo ? [new FakeTrack('audio'), new FakeTrack('video')] : [new FakeTrack('audio')];
      const source = new FakeStream(tracks) as unknown as MediaStream;
      const options = one.id === 'screen' ? { source: 'screen' as const } : {};
      if (!media.publications.has(one.id)) media.publish(one.id, source, options);
      break;
    }
    case 'unpublish':
      media.unpublish(one.id);
      break;
    case 'play':
      media.play(one.id);
      break;
    case 'stop':
      media.stop(one.id);
      break;
    case 'mute':
      media.publications
        .get(one.id)
        ?.setEnabled(one.kind, one.on)
        .catch(() => {});
      break;
    case 'replace': {
      const track = one.isTrack ? (new FakeTrack(one.kind) as unknown as MediaStreamTrack) : null;
      media.publications
        .get(one.id)
        ?.replaceTrack(one.kind, track)
        .catch(() => {});
      break;
    }
    case 'layer':
      media.playbacks.get(one.id)?.setMaxLayer(one.layer);
      break;
    case 'show':
      media.playbacks.get(one.id)?.setHeight(one.height);
      break;
    case 'speak':
      server.socket.push({ event: 'activeSpeaker', streamId: one.id, level: 20 });
      break;
    case 'playLost':
      if (model.played.delete(one.id)) server.socket.push({ event: 'playLost', streamIds: [one.id] });
      break;
    case 'connect':
      connectMedia(world);
      break;
    case 'disconnect':
      if (peer?.connectionState === 'connected') peer.become('disconnected');
      break;
    case 'fail':
      if (peer?.remoteSdp !== undefined) peer.become('failed');
      break;
    case 'online':
      world.goOnline();
      break;
    case 'mediaLost':
      server.socket.push({ event: 'mediaLost' });
      break;
    case 'cut':
      server.isReachable = false;
      server.socket.close(1006);
      break;
    case 'mend':
      server.isReachable = true;
      break;
    case 'forget':
      model.forget();
      server.resume = LOST;
      server.socket.close(1006);
      break;
    case 'wait':
      await world.clock.advance(one.ms);
      break;
    default:
      model.mood = one.do;
  }
  await settle();
}

/** Everything works again for long enough. */
async function recover(world: World, model: ServerModel): Promise<void> {
  world.server.isReachable = true;
  model.mood = 'hear';
  world.goOnline();
  for (let second = 0; second < 60; second += 1) {
    await world.clock.advance(1_000);
    connectMedia(world);
    await settle();
  }
}

test('after any sequence of calls and losses the server has what is wanted, over one peer connection (CONN-1, CONN-2)', async () => {
  let streamCount = 0;
  const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const world = createWorld();
    const model = new ServerModel(world);
    world.server.login = loginResult({ room: snapshot({ streams: OTHERS.map((id) => stream(id, `m-${id}`)) }) });
    const session = createSession(world);
    await session.login();
    await settle();
    for (const one of steps) {
      await execute(one, world, session, model);
      expect(world.media.open.length).toBeLessThanOrEqual(1);
    }
    await recover(world, model);

    const { publications, playbacks } = session.media;
    streamCount += publications.size + playbacks.size;
    expect([...model.published.keys()].sort()).toEqual([...publications.keys()].sort());
    expect([...model.played.keys()].sort()).toEqual([...playbacks.keys()].sort());
    const states = [...publications.values(), ...playbacks.values()].map(({ state }) => state);
    expect(states.filter((state) => state !== 'publishing' && state !== 'playing')).toEqual([]);

    const sectionOf = (mid: string | undefined) => world.media.sections.find((section) => section.mid === mid);
    const used = [...model.published.values(), ...model.played.values()].flatMap(({ audio, video }) => [audio, video]);
    const wanted = used.filter((mid) => mid !== undefined);
    expect(world.media.sections.map(({ mid }) => mid).sort()).toEqual([...wanted].sort());
    expect(world.media.peer.sectionCount).toBeLessThanOrEqual(1 + 2 * 2 * (OWN.length + OTHERS.length));
    for (const [id, { source }] of publications) {
      for (const track of source.getTracks() as unknown as FakeTrack[]) {
        const section = sectionOf(model.published.get(id)?.[track.kind]);
        expect(section).toMatchObject({ currentDirection: 'sendonly' });
        expect(section?.sender.track).toBe(track);
      }
    }
    for (const [id, playback] of playbacks) {
      const tracks = playback.stream.getTracks() as unknown as FakeTrack[];
      expect(tracks.map(({ kind: of, readyState }) => [of, readyState])).toEqual([
        ['audio', 'live'],
        ['video', 'live'],
      ]);
      for (const track of tracks) expect(sectionOf(model.played.get(id)?.[track.kind])?.receiver.track).toBe(track);
      expect(model.preferences.get(id)).toEqual(playback.preferences);
    }
  });
  await fc.assert(property, { numRuns: 1_000, seed: 13 });
  // The runs are about something: most end with streams.
  expect(streamCount).toBeGreaterThan(1_000);
}, 120_000);
