/**
 * Authenticates participants by their tokens (AUTH-2, RTK-8).
 *
 * @module
 */

import { countCharacters, GavelError, MAX_NAME_CHARACTERS, type Params, type UserId } from '@gavel/protocol';
import type { App, Apps } from '../apps/app.ts';
import type { Admission, Authenticator } from '../entry/admission.ts';
import type { MeetingRecord, Participant, PresetRecord, Store } from '../store/store.ts';
import { keepAliveMsOf } from './meeting-schema.ts';
import { permissionsOf, waitsOf } from './permissions.ts';
import type { PresetDefinition } from './preset-schema.ts';
import { roomOf } from './session.ts';
import type { SessionRecorder } from './sessions/session-recorder.ts';
import type { ParticipantTokens, VerifiedToken } from './tokens.ts';

/** The dependencies of the authenticator. */
export interface ParticipantAuthenticatorDeps {
  readonly apps: Apps;
  readonly store: Pick<Store, 'meetings' | 'participants' | 'presets'>;
  readonly tokens: ParticipantTokens;
  readonly sessions: Pick<SessionRecorder, 'find'>;
}

/** The records that a token refers to. */
interface Holder {
  readonly token: VerifiedToken;
  readonly app: App;
  readonly meeting: MeetingRecord;
  readonly participant: Participant;
  readonly preset: PresetRecord;
}

/** Creates the authenticator of the scheme `participant-token`. */
export function createParticipantTokenAuthenticator(deps: ParticipantAuthenticatorDeps): Authenticator {
  return {
    scheme: 'participant-token',
    async admit(login) {
      return admissionOf(await findHolder(deps, login.credential.token), login.userName);
    },
    findSession: (key) => deps.sessions.find(key),
    async renew(admission, token) {
      const holder = await findHolder(deps, token);
      const isSame = holder.participant.id === admission.user.id && holder.meeting.id === admission.key.roomId;
      if (!isSame) throw new GavelError('login.bad-credential');
      return { tokenExpiresAtMs: holder.token.expiresAtMs };
    },
  };
}

async function findHolder(
  { apps, store, tokens }: ParticipantAuthenticatorDeps,
  text: Params<'login'>['credential']['token'],
): Promise<Holder> {
  if (text === undefined) throw new GavelError('login.bad-credential');
  const token = await tokens.verify(text);
  const app = apps.findByRtkId(token.orgId);
  if (!app) throw new GavelError('login.unknown-app');
  const meeting = await store.meetings.find(app.appId, token.meetingId);
  const participant = await store.participants.find(token.meetingId, token.participantId);
  // Deleting a participant invalidates all its tokens.
  if (!meeting || !participant) throw new GavelError('login.bad-credential');
  if (meeting.status !== 'ACTIVE') throw new GavelError('login.not-allowed');
  const preset = await store.presets.find(app.appId, participant.presetId);
  if (!preset) throw new GavelError('login.not-allowed');
  return { token, app, meeting, participant, preset };
}

function admissionOf({ token, app, meeting, participant, preset }: Holder, wantedName = ''): Admission {
  const definition = preset.definition as unknown as PresetDefinition;
  const permissions = permissionsOf(definition);
  if (countCharacters(wantedName) > MAX_NAME_CHARACTERS) throw new GavelError('login.bad-user-name');
  const name = permissions.rename && wantedName !== '' ? wantedName : (participant.name ?? '');
  const waits = waitsOf(definition, keepAliveMsOf(meeting));
  return {
    key: roomOf(app.appId, meeting.id),
    user: { id: participant.id as UserId, name },
    externalId: participant.customId as UserId,
    // A participant may join from several tabs and devices at once.
    onDuplicate: 'allow',
    permissions,
    // No limit: with one, a single participant could lock out all others.
    maxMemberCount: 0,
    profile: {
      participantId: participant.id,
      customParticipantId: participant.customId,
      presetName: participant.presetName,
      picture: participant.picture,
      meetingId: meeting.id,
      meetingTitle: meeting.title ?? '',
    },
    facts: {
      viewType: definition.config.view_type,
      permissions: definition.permissions,
      config: definition.config,
      ui: definition.ui,
      organizationId: token.orgId,
    },
    tokenExpiresAtMs: token.expiresAtMs,
    sessionKeptMs: keepAliveMsOf(meeting),
    ...(waits && { waits }),
  };
}
