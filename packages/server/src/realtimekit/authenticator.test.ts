import type { Params } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App, Apps } from '../apps/app.ts';
import { AppRegistry } from '../apps/app-registry.ts';
import type { Authenticator } from '../entry/admission.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { createParticipantTokenAuthenticator } from './authenticator.ts';
import { DEFAULT_SETTINGS } from './meeting-schema.ts';
import type { PresetDefinition } from './preset-schema.ts';
import { STOCK_PRESETS } from './stock-presets.ts';
import { ParticipantTokens, type TokenSubject } from './tokens.ts';

let store: Store;
let app: App;
let apps: Apps;
let tokens: ParticipantTokens;
let authenticator: Authenticator;
let subject: TokenSubject;
const clock = new FakeClock();
const times = { createdAtMs: 1, updatedAtMs: 1 };

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  apps = await AppRegistry.open({ store, clock, configured: [], presets: STOCK_PRESETS });
  app = await apps.create('account', 'app');
  tokens = new ParticipantTokens({ store, clock });
  authenticator = createParticipantTokenAuthenticator({
    apps,
    store,
    tokens,
    sessions: { find: async () => undefined },
  });
  const preset = await store.presets.findByName(app.appId, 'group_call_host');
  const presetId = preset?.id ?? '';
  await store.meetings.add({
    id: 'm1',
    appId: app.appId,
    title: null,
    status: 'ACTIVE',
    settings: { ...DEFAULT_SETTINGS, session_keep_alive_time_in_secs: 60 },
    ...times,
  });
  await store.participants.add({
    id: 'p1',
    meetingId: 'm1',
    customId: 'anna',
    presetId,
    name: null,
    picture: null,
    ...times,
  });
  subject = { orgId: app.rtkAppId, meetingId: 'm1', participantId: 'p1', presetId };
});
afterEach(() => store.close());

const login = (token?: string): Params<'login'> => ({
  credential: { scheme: 'participant-token', ...(token !== undefined && { token }) },
  clientId: 'client',
  // Nothing of this counts: the token says all.
  roomId: 'other-room',
  userId: 'other-user',
  maxMemberCount: 1,
});
const admit = async (changes: Partial<TokenSubject> = {}) =>
  authenticator.admit(login(await tokens.sign({ ...subject, ...changes })));

describe('the authenticator of participants', () => {
  it('admits to the meeting as the participant, whatever else the login says (AUTH-2, RTK-6)', async () => {
    expect(await admit()).toEqual({
      sessionKeptMs: 60_000,
      externalId: 'anna',
      key: { appId: app.appId, environment: 'production', roomId: 'm1' },
      user: { id: 'p1', name: '' },
      onDuplicate: 'allow',
      permissions: {
        publishAudio: true,
        publishVideo: true,
        maxStreamsOfSource: 1,
        screen: { publish: true, maxInRoom: 1 },
        moderation: {
          kick: true,
          muteAudio: true,
          muteVideo: true,
          muteScreen: true,
          changePermissions: true,
          pin: true,
          acceptWaiting: true,
        },
        rename: true,
        chat: { sendPublic: true, sendPrivate: true, receivePrivate: true },
        polls: { create: true, vote: true, view: true },
      },
      maxMemberCount: 0,
      profile: {
        participantId: 'p1',
        customParticipantId: 'anna',
        presetName: 'group_call_host',
        picture: null,
        meetingId: 'm1',
        meetingTitle: '',
      },
      facts: { viewType: 'GROUP_CALL', organizationId: app.rtkAppId, ...STOCK_PRESETS[0]?.definition },
      tokenExpiresAtMs: Math.floor(clock.now() / 1000) * 1000 + 100 * 86_400_000,
    });
  });

  it.each([
    ['ALLOWED', 'ALLOWED', { publishAudio: true, publishVideo: true }],
    ['ALLOWED', 'NOT_ALLOWED', { publishAudio: true, publishVideo: false }],
    ['NOT_ALLOWED', 'ALLOWED', { publishAudio: false, publishVideo: true }],
    ['CAN_REQUEST', 'CAN_REQUEST', { publishAudio: false, publishVideo: false }],
  ])('lets publish what the preset allows: audio %s, video %s (AUTH-2)', async (audio, video, expected) => {
    const stock = STOCK_PRESETS[0]?.definition as unknown as PresetDefinition;
    const media = { ...stock.permissions.media, audio: { can_produce: audio }, video: { can_produce: video } };
    const definition = { ...stock, permissions: { ...stock.permissions, media } };
    await store.presets.add({ id: 'own', appId: app.appId, name: 'own', definition, ...times });
    await store.participants.update('m1', 'p1', (each) => ({ ...each, presetId: 'own' }));
    // The token still names the preset of its issue.
    expect((await admit()).permissions).toMatchObject(expected);
  });

  it('lets moderate what the preset allows, kind by kind (HOST-1)', async () => {
    const stock = STOCK_PRESETS[0]?.definition as unknown as PresetDefinition;
    const changes = { kick_participant: false, disable_participant_video: false };
    const definition = { ...stock, permissions: { ...stock.permissions, ...changes } };
    await store.presets.add({ id: 'own', appId: app.appId, name: 'own', definition, ...times });
    await store.participants.update('m1', 'p1', (each) => ({ ...each, presetId: 'own' }));
    expect((await admit()).permissions.moderation).toEqual({
      kick: false,
      muteAudio: true,
      muteVideo: false,
      muteScreen: true,
      changePermissions: true,
      pin: true,
      acceptWaiting: true,
    });
  });

  it('takes a name with the login where the preset lets change it, and no other way (NAME-2)', async () => {
    const token = await tokens.sign(subject);
    const admitAs = async (userName: string) => authenticator.admit({ ...login(token), userName });
    expect((await admitAs('Anna B.')).user.name).toBe('Anna B.');
    expect((await admitAs('')).user.name).toBe('');
    await expect(admitAs('x'.repeat(257))).rejects.toMatchObject({ code: 'login.bad-user-name' });
    const stock = STOCK_PRESETS[0]?.definition as unknown as PresetDefinition;
    const definition = { ...stock, permissions: { ...stock.permissions, can_edit_display_name: false } };
    await store.presets.add({ id: 'own', appId: app.appId, name: 'own', definition, ...times });
    await store.participants.update('m1', 'p1', (each) => ({ ...each, presetId: 'own', name: 'Anna' }));
    expect((await admitAs('Anna B.')).user.name).toBe('Anna');
  });

  it('lets do with polls what the preset allows (POLL-1)', async () => {
    const stock = STOCK_PRESETS[0]?.definition as unknown as PresetDefinition;
    const polls = { can_create: false, can_vote: true, can_view: false };
    const definition = { ...stock, permissions: { ...stock.permissions, polls } };
    await store.presets.add({ id: 'own', appId: app.appId, name: 'own', definition, ...times });
    await store.participants.update('m1', 'p1', (each) => ({ ...each, presetId: 'own' }));
    expect((await admit()).permissions.polls).toEqual({ create: false, vote: true, view: false });
  });

  it('says what a login waits for, and how long an acceptance is remembered (WAIT-1, WAIT-3)', async () => {
    const stock = STOCK_PRESETS[0]?.definition as unknown as PresetDefinition;
    await store.presets.add({ id: 'own', appId: app.appId, name: 'own', definition: stock, ...times });
    await store.participants.update('m1', 'p1', (each) => ({ ...each, presetId: 'own' }));
    await store.meetings.update(app.appId, 'm1', (each) => ({ ...each, settings: { ...DEFAULT_SETTINGS } }));
    const waitsWith = async (waiting_room_type: PresetDefinition['permissions']['waiting_room_type']) => {
      const definition = { ...stock, permissions: { ...stock.permissions, waiting_room_type } };
      await store.presets.update(app.appId, 'own', (each) => ({ ...each, definition }));
      return (await admit()).waits;
    };
    expect(await waitsWith('SKIP')).toBeUndefined();
    expect(await waitsWith('ON_PRIVILEGED_USER_ENTRY')).toEqual({ until: 'attended', rememberedForMs: 60_000 });
    expect(await waitsWith('SKIP_ON_ACCEPT')).toEqual({ until: 'accepted', rememberedForMs: 60_000 });
  });

  it('refuses who has no token, or one for what does not exist (AUTH-2, RTK-8)', async () => {
    await expect(authenticator.admit(login())).rejects.toMatchObject({ code: 'login.bad-credential' });
    await expect(authenticator.admit(login('nonsense'))).rejects.toMatchObject({ code: 'login.bad-credential' });
    await expect(admit({ participantId: 'p2' })).rejects.toMatchObject({ code: 'login.bad-credential' });
    await expect(admit({ meetingId: 'm2' })).rejects.toMatchObject({ code: 'login.bad-credential' });
    await expect(admit({ orgId: 'none' })).rejects.toMatchObject({ code: 'login.unknown-app' });
    const other = await apps.create('account', 'other');
    await expect(admit({ orgId: other.rtkAppId })).rejects.toMatchObject({ code: 'login.bad-credential' });
  });

  it('refuses a meeting that is not ACTIVE (RTK-8)', async () => {
    await store.meetings.update(app.appId, 'm1', (each) => ({ ...each, status: 'INACTIVE' }));
    await expect(admit()).rejects.toMatchObject({ code: 'login.not-allowed' });
  });

  it('renews by a token of the same participant, and by no other (AUTH-2)', async () => {
    const admission = await admit();
    clock.advance(86_400_000);
    const renewed = await authenticator.renew(admission, await tokens.sign(subject));
    expect(renewed.tokenExpiresAtMs).toBe((admission.tokenExpiresAtMs ?? 0) + 86_400_000);
    const { presetId } = subject;
    await store.participants.add({
      id: 'p2',
      meetingId: 'm1',
      customId: 'ben',
      presetId,
      name: null,
      picture: null,
      ...times,
    });
    const theirs = await tokens.sign({ ...subject, participantId: 'p2' });
    await expect(authenticator.renew(admission, theirs)).rejects.toMatchObject({ code: 'login.bad-credential' });
    await store.participants.delete('m1', 'p1');
    const mine = authenticator.renew(admission, await tokens.sign(subject));
    await expect(mine).rejects.toMatchObject({ code: 'login.bad-credential' });
  });
});
