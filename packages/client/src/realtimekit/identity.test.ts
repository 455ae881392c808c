import type { ErrorCode } from '@gavel/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { loginResult, member } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { RealtimeKitClient, type RealtimeKitOptions } from './client.ts';

const PROFILE = {
  participantId: 'p-me',
  customParticipantId: 'custom-me',
  presetName: 'host',
  picture: 'https://a.test/me.png',
  meetingId: 'meeting-1',
  meetingTitle: 'Standup',
};
const FACTS = {
  viewType: 'WEBINAR',
  organizationId: 'org-1',
  permissions: { show_participant_list: true, media: { screenshare: { can_produce: 'NOT_ALLOWED' } } },
  config: {
    view_type: 'WEBINAR',
    max_video_streams: { desktop: 9, mobile: 4 },
    max_screenshare_count: 2,
    media: { video: { quality: 'fhd', frame_rate: 24 }, screenshare: { quality: 'hd', frame_rate: 5 } },
  },
  ui: {
    design_tokens: {
      theme: 'light',
      border_radius: 'sharp',
      border_width: 'none',
      spacing_base: 8,
      colors: { brand: { 500: '#123456' }, danger: '#f00', text_on_brand: '#fff', video_bg: '#000' },
      logo: 'https://a.test/logo.png',
    },
  },
};

function init(world: World, more: Partial<RealtimeKitOptions> = {}) {
  world.server.login = loginResult({
    user: { id: 'p-me', name: 'Me' },
    profile: PROFILE,
    facts: FACTS,
    permissions: { publishAudio: true, publishVideo: false, moderation: { kick: true } },
  });
  return RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
    ...more,
  });
}

afterEach(() => vi.unstubAllGlobals());

describe('init', () => {
  it('asks the server who the token’s owner is: self, meta, permissions and preset are there before the join (RTK-17)', async () => {
    const world = createWorld();
    const { self, meta, peerId } = await init(world);
    expect(world.server.seen('identify')).toEqual([{ credential: { scheme: 'participant-token', token: 'jwt' } }]);
    expect(world.server.socket.isClosedByClient).toBe(true);
    expect(self).toMatchObject({
      roomState: 'init',
      roomJoined: false,
      userId: 'p-me',
      name: 'Me',
      picture: 'https://a.test/me.png',
      presetName: 'host',
      customParticipantId: 'custom-me',
      organizationId: 'org-1',
    });
    expect(self.id).toMatch(/^[0-9a-f]{32}$/);
    expect(peerId).toBe(self.id);
    expect(self.permissions).toMatchObject({ kickParticipant: true, canProduceVideo: 'NOT_ALLOWED' });
    expect(meta).toMatchObject({ meetingId: 'meeting-1', meetingTitle: 'Standup', viewType: 'WEBINAR' });
    expect(meta.socketState).toEqual({ state: 'connected', reconnected: false, reconnectionAttempt: 0 });
  });

  it('shows how the preset wants the meeting to look', async () => {
    const { config } = (await init(createWorld())).self;
    expect(config).toMatchObject({
      name: 'host',
      viewType: 'WEBINAR',
      maxVideoStreams: { desktop: 9, mobile: 4 },
      maxScreenShareCount: 2,
      setupScreen: { isEnabled: true },
      waitingRoom: { isEnabled: true },
      controlBar: { isEnabled: true, elements: { participants: true, screenshare: false } },
      header: { isEnabled: true, elements: { logo: 'https://a.test/logo.png', title: true } },
      mediaConstraints: { video: { quality: 'fhd', frameRate: 24 } },
    });
    expect(config.designTokens).toEqual({
      theme: 'light',
      borderRadius: 'sharp',
      borderWidth: 'none',
      spacingBase: 8,
      colors: { brand: { 500: '#123456' }, danger: '#f00', textOnBrand: '#fff', videoBg: '#000' },
      logo: 'https://a.test/logo.png',
    });
  });

  it('turns no kind on that the preset does not allow', async () => {
    const world = createWorld();
    const getUserMedia = vi.fn();
    vi.stubGlobal('navigator', {
      mediaDevices: { getUserMedia, enumerateDevices: async () => [], addEventListener: () => {} },
    });
    const { self } = await init(world, { defaults: { audio: false, video: true } });
    expect(getUserMedia).not.toHaveBeenCalled();
    expect(self.videoEnabled).toBe(false);
  });

  const refuse = (code: ErrorCode) => (world: World) => {
    world.server.answers.identify = () => ({ refuse: code });
  };
  const disconnect = (world: World) => {
    world.server.isReachable = false;
  };
  it.each([
    ['a token that is not valid', '0004', refuse('login.bad-credential')],
    ['a token that has expired', '0004', refuse('login.token-expired')],
    ['a meeting that is INACTIVE', '0004', refuse('login.not-allowed')],
    ['too many requests', '0013', refuse('rate.limited')],
    ['a server that cannot be reached', '0001', disconnect],
  ])('%s rejects with %s, and tells the page and onError', async (_, code, arrange) => {
    const world = createWorld();
    arrange(world);
    const [dispatchEvent, onError] = [vi.fn(), vi.fn()];
    vi.stubGlobal('dispatchEvent', dispatchEvent);
    const error = await init(world, { onError, defaults: { audio: true, video: true } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'RealtimeKitError', code });
    expect(onError).toHaveBeenCalledWith(error);
    expect(dispatchEvent.mock.calls[0]?.[0]).toMatchObject({ type: 'ClientError', detail: error });
  });

  it('rejects with 0001 if the server does not answer within 10 s', async () => {
    const world = createWorld();
    world.server.answers.identify = () => undefined;
    const refused = expect(init(world)).rejects.toMatchObject({ code: '0001' });
    await world.clock.advance(10_000);
    await refused;
    expect(world.server.socket.isClosedByClient).toBe(true);
  });

  it.each([undefined, null, 7, '', {}])('rejects the token %s with 0004 and asks no server', async (authToken) => {
    const world = createWorld();
    await expect(init(world, { authToken: authToken as never })).rejects.toMatchObject({ code: '0004' });
    expect(world.server.sockets).toHaveLength(0);
  });

  it.each([undefined, null])('rejects without options (%s)', async (options) => {
    await expect(RealtimeKitClient.init(options as never)).rejects.toMatchObject({ code: '0004' });
  });
});

it('a join that cannot reach the server rejects with 0002, and may be tried again', async () => {
  const world = createWorld();
  const meeting = await init(world);
  world.server.isReachable = false;
  const refused = expect(meeting.join()).rejects.toMatchObject({ code: '0002' });
  await world.clock.advance(60_000);
  await refused;
  world.server.isReachable = true;
  await meeting.join();
  await settle();
  expect(meeting.self.id).toBe('m-me');
  expect(meeting.meta.socketState.state).toBe('connected');
});

describe('getParticipantsInMeetingPreJoin', () => {
  it('reads who is in the room before the join, in the room and after the end (RTK-18)', async () => {
    const world = createWorld();
    const { participants, ...meeting } = await init(world);
    const ann = { ...member('m-ann', 'ann', { ...PROFILE, participantId: 'p-ann' }), stage: 'off' as const };
    world.server.answers.preview = () => ({ members: [ann, member('m-zoe', 'zoe')] });
    const { peers } = await participants.getParticipantsInMeetingPreJoin();
    expect(peers).toEqual([
      {
        peerId: 'm-ann',
        userId: 'p-ann',
        displayName: 'ANN',
        displayPictureUrl: PROFILE.picture,
        customParticipantId: 'custom-me',
        presetId: '',
        stageType: 4,
        waitlisted: false,
        flags: { presetName: 'host', recorderType: 'NONE', hiddenParticipant: false },
      },
      expect.objectContaining({ peerId: 'm-zoe', userId: 'zoe', stageType: 1, displayPictureUrl: undefined }),
    ]);
    expect(world.server.seen('preview')).toEqual([{ credential: { scheme: 'participant-token', token: 'jwt' } }]);
    expect(world.server.seen('login')).toEqual([]);
    expect(world.server.sockets.every(({ isClosedByClient }) => isClosedByClient)).toBe(true);
    expect(meeting.self.roomState).toBe('init');
  });

  it.each<[ErrorCode, string]>([
    ['login.bad-credential', '0004'],
    ['login.banned', '0002'],
    ['rate.limited', '0013'],
  ])('refused with %s rejects with %s', async (refuse, code) => {
    const world = createWorld();
    const { participants } = await init(world);
    world.server.answers.preview = () => ({ refuse });
    await expect(participants.getParticipantsInMeetingPreJoin()).rejects.toMatchObject({
      code,
      cause: { code: refuse },
    });
  });
});
