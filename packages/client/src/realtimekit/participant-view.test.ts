import { describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

const NAMES = ['ann', 'ben', 'cem', 'dan', 'eva'];

/** A meeting with five others, each of whom publishes, shown two at a time. */
async function join() {
  const world = createWorld();
  world.server.login = loginResult({
    facts: { config: { max_video_streams: { desktop: 2, mobile: 2 } } },
    room: snapshot({
      members: [member('m-me'), ...NAMES.map((name) => member(name))],
      streams: NAMES.map((name) => stream(`rtk-${name}`, name)),
    }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const { participants } = meeting;
  const log: unknown[] = [];
  for (const event of ['viewModeChanged', 'pageChanged'] as const)
    participants.on(event, (state) => log.push([event, state]));
  participants.on('activeSpeaker', ({ peerId, volume }) => log.push(['activeSpeaker', peerId, volume]));
  participants.active.on('participantJoined', ({ id }) => log.push(['+', id]));
  participants.active.on('participantLeft', ({ id }) => log.push(['-', id]));
  await meeting.join();
  await settle();
  world.media.peer.become('connected');
  const shown = () => [...participants.active.keys()];
  /** Makes somebody the active speaker of the room. */
  const speak = (name: string, level = 20) =>
    world.server.push({ event: 'activeSpeaker', streamId: `rtk-${name}`, level });
  /** What the server knows of the preferences for the camera of each participant. */
  const wanted = () => {
    const requests = [
      ...world.server.seen('negotiate').flatMap(({ play }) => play),
      ...world.server.seen('updatePlay'),
    ];
    return NAMES.map((name) => {
      const { height, priority } = requests.findLast(({ streamId }) => streamId === `rtk-${name}`) ?? {};
      return [height, priority];
    });
  };
  return { world, participants, log, shown, speak, wanted };
}

describe('participants.active', () => {
  it('has the first up to the maximum, and then those who spoke last', async () => {
    const { world, participants, log, shown, speak } = await join();
    expect(participants).toMatchObject({
      viewMode: 'ACTIVE_GRID',
      currentPage: 0,
      pageCount: 0,
      maxActiveParticipantsCount: 2,
    });
    expect(shown()).toEqual(['ann', 'ben']);
    log.length = 0;
    await speak('eva');
    expect(log).toEqual([
      ['-', 'ben'],
      ['+', 'eva'],
      ['activeSpeaker', 'eva', 0.1],
    ]);
    expect(participants.lastActiveSpeaker).toBe('eva');
    // The own voice, and a speaker that has ended, are nobody else.
    log.length = 0;
    await world.server.push({ event: 'activeSpeaker', streamId: 'rtk-me', level: 20 });
    await world.server.push({ event: 'activeSpeaker' });
    expect([log, shown(), participants.lastActiveSpeaker]).toEqual([[], ['ann', 'eva'], 'eva']);
    await speak('cem');
    expect(shown()).toEqual(['eva', 'cem']);
  });

  it('has one page of all in the mode PAGINATED', async () => {
    const { world, participants, log, shown } = await join();
    log.length = 0;
    await participants.setViewMode('PAGINATED');
    expect(log).toEqual([['viewModeChanged', { viewMode: 'PAGINATED', currentPage: 1, pageCount: 3 }]]);
    await participants.setPage(3);
    expect([shown(), participants.getPeerIdsForCurrentPage()]).toEqual([['eva'], ['eva']]);
    expect(log.at(-1)).toEqual(['pageChanged', { viewMode: 'PAGINATED', currentPage: 3, pageCount: 3 }]);
    // The last page vanishes with the last who was on it.
    const gone = {
      event: 'memberLeft',
      seq: 11,
      userSeq: 3,
      memberCount: 5,
      member: member('eva'),
      cause: 'logout',
    } as const;
    await world.server.push(gone);
    expect([shown(), participants.currentPage, participants.pageCount]).toEqual([['cem', 'dan'], 2, 2]);
    participants.setMaxActiveParticipantsCount(3);
    expect([shown(), participants.pageCount]).toEqual([['dan'], 2]);
    await participants.setPage(0);
    expect(participants.viewMode).toBe('ACTIVE_GRID');
    expect(shown()).toHaveLength(3);
  });

  it('has those who were subscribed to in the mode MANUAL, and nobody else is played', async () => {
    const { world, participants, shown } = await join();
    await participants.setViewMode('MANUAL');
    expect(shown()).toEqual([]);
    expect(world.server.seen('stop').map(({ streamId }) => streamId)).toEqual(NAMES.map((name) => `rtk-${name}`));
    expect(participants.joined.get('ann')?.videoTrack).toBeUndefined();
    const played = world.server.seen('play').length;
    await participants.subscribe(['ann', 'nobody'], ['audio']);
    await settle();
    expect(world.server.seen('play').slice(played)).toMatchObject([{ streamId: 'rtk-ann' }]);
    const ann = participants.joined.get('ann');
    expect([shown(), ann?.audioTrack?.kind, ann?.videoTrack]).toEqual([['ann'], 'audio', undefined]);
    await participants.subscribe(['ann'], ['video']);
    expect(ann?.videoTrack?.kind).toBe('video');
    await participants.unsubscribe(['ann']);
    expect([shown(), ann?.audioTrack]).toEqual([[], undefined]);
    await participants.setViewMode('ACTIVE_GRID');
    await settle();
    expect(shown()).toEqual(['ann', 'ben']);
    expect(participants.joined.toArray().every(({ videoTrack }) => videoTrack !== undefined)).toBe(true);
  });

  it('decides whose camera is received, and pins and the speaker which comes first (BWE-2)', async () => {
    const { world, participants, speak, wanted } = await join();
    const [hidden, seen] = [
      [0, undefined],
      [undefined, undefined],
    ];
    expect(wanted()).toEqual([seen, seen, hidden, hidden, hidden]);
    await speak('eva');
    expect(wanted()).toEqual([seen, hidden, hidden, hidden, [undefined, 1]]);
    await world.server.push({ event: 'memberUpdated', seq: 11, member: { ...member('dan'), pinned: true } });
    expect(wanted()).toEqual([seen, hidden, hidden, [undefined, 2], [undefined, 1]]);
    await participants.setViewMode('PAGINATED');
    await settle();
    expect(wanted()).toEqual([seen, seen, hidden, [undefined, 2], [0, 1]]);
    participants.setMaxActiveParticipantsCount(5);
    await settle();
    expect(wanted().map(([height]) => height)).toEqual(Array(5).fill(undefined));
    await participants.setViewMode('MANUAL');
    await participants.subscribe(['ann'], ['audio']);
    await settle();
    expect(wanted()[0]).toEqual(hidden);
  });

  it('leaves the choice to the elements that are registered (BWE-2)', async () => {
    const { world, participants, wanted } = await join();
    const element = world.media.page.createElement('video');
    Object.assign(element, { clientWidth: 320, clientHeight: 180 });
    world.media.page.body.append(element);
    const eva = participants.joined.get('eva');
    eva?.registerVideoElement(element as unknown as HTMLVideoElement);
    await vi.dynamicImportSettled();
    await world.clock.advance(200);
    expect(wanted()[4]).toEqual([360, undefined]);
    eva?.deregisterVideoElement(element as unknown as HTMLVideoElement);
    await world.clock.advance(200);
    expect(wanted()[4]).toEqual([0, undefined]);
  });

  it.each([
    ['an unknown view mode', '1207', (all: Participants) => all.setViewMode('GRID' as never)],
    ['a page beyond the last', '1202', (all: Participants) => all.setPage(4)],
    ['a negative page', '1202', (all: Participants) => all.setPage(-1)],
    ['half a page', '1202', (all: Participants) => all.setPage(1.5)],
    ['a page that is no number', '1202', (all: Participants) => all.setPage('1' as never)],
    ['a maximum of 0', '1203', async (all: Participants) => all.setMaxActiveParticipantsCount(0)],
    ['a subscription outside of MANUAL', '1206', (all: Participants) => all.subscribe(['ann'])],
    ['an unsubscription outside of MANUAL', '1206', (all: Participants) => all.unsubscribe(['ann'])],
  ])('refuses %s with %s, and nothing changes', async (_, code, call) => {
    const { participants, shown } = await join();
    await expect(call(participants)).rejects.toMatchObject({ code });
    expect(shown()).toEqual(['ann', 'ben']);
  });
});

type Participants = RealtimeKitClient['participants'];
