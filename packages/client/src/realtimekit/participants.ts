/**
 * The other participants of a meeting (reference realtimekit 8.3).
 *
 * @module
 */

import type { Params, WireMember, WireStream } from '@gavel/protocol';
import type { RoomChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
import { CODES, RealtimeKitError, toRealtimeKitError } from './errors.ts';
import { type Moderate, Participant } from './participant.ts';
import { ParticipantMap } from './participant-map.ts';
import { type PermissionsPatch, toChanges } from './permissions.ts';

/** Everybody else in the meeting. */
export class Participants {
  /** Those who are in the room now, by peer id; the own user is not among them. */
  readonly joined = new ParticipantMap();
  readonly #moderate: Moderate = (params) => this.#request(params);
  #session: RoomSession | undefined;

  /** How many others are in the room. */
  get count(): number {
    return this.joined.size;
  }

  /** Ends the session for everybody, oneself included. @throws RealtimeKitError `1201` without `kickParticipant` */
  async kickAll(): Promise<void> {
    await this.#request({ action: 'kickAll' });
  }

  /**
   * Switches everybody else's microphone off; with `allowUnmute` false they cannot switch it on again.
   *
   * @throws RealtimeKitError `1201` without the permission `canDisableParticipantAudio`
   */
  async disableAllAudio(allowUnmute = true): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['audio'], allowUnmute });
  }

  /** Switches everybody else's camera off. @throws RealtimeKitError `1201` without `canDisableParticipantVideo` */
  async disableAllVideo(): Promise<void> {
    await this.#request({ action: 'mute', kinds: ['video'] });
  }

  /**
   * Changes what others may do in this session, at once and on all of their connections; their preset stays.
   *
   * @throws RealtimeKitError `1201` without the permission `canChangeParticipantPermissions`, `1202`
   */
  async updatePermissions(participantIds: readonly string[], patch: PermissionsPatch): Promise<void> {
    await this.#request({ action: 'setPermissions', memberIds: [...participantIds], changes: toChanges(patch) });
  }

  /** Follows a session that has just been joined. */
  attach(session: RoomSession): void {
    this.#session = session;
    const { room } = session;
    for (const member of room?.otherMembers() ?? []) this.joined.handleJoined(this.#create(member), false);
    for (const stream of room?.othersStreams() ?? []) this.#show(stream);
    session.on('changed', (change) => {
      if (this.#session === session) this.#handleChange(change);
    });
  }

  /** Forgets everybody. */
  detach(): void {
    this.#session = undefined;
    this.joined.handleCleared();
  }

  #create(member: WireMember): Participant {
    return new Participant(member, this.#moderate);
  }

  async #request(params: Params<'moderate'>): Promise<void> {
    const session = this.#session;
    if (!session) throw new RealtimeKitError(CODES.couldNotJoin, 'not in the room');
    try {
      await session.request('moderate', params);
    } catch (error) {
      const { state } = session;
      // Who ends the session for everybody is out before it is answered.
      const isDone = state.name === 'ended' && state.end.kind === 'removed' && state.end.cause === 'room-closed';
      if (params.action !== 'kickAll' || !isDone) throw toRealtimeKitError(error);
    }
  }

  #handleChange(change: RoomChange): void {
    for (const { stream } of change.streamsRemoved) this.#hide(stream);
    for (const { member, cause } of change.membersLeft) {
      this.joined.handleLeft(member.memberId, cause === 'kicked');
    }
    for (const member of change.membersJoined) this.joined.handleJoined(this.#create(member), true);
    for (const stream of change.streamsAdded) this.#show(stream);
    for (const { stream, before } of change.streamsUpdated) {
      if (stream.memberId !== before.memberId) this.#hide(before);
      this.#show(stream);
    }
  }

  /** A participant is shown by one stream of each source, the first; those of this dialect have no more. */
  #show(stream: WireStream): void {
    const { source, streamId } = stream;
    const participant = this.#participantOf(stream);
    if (!participant || (participant.streamIdOf(source) ?? streamId) !== streamId) return;
    const { media } = this.#session ?? {};
    participant.handleStream(source, stream, media?.isAvailable ? media.play(streamId) : undefined);
  }

  #hide({ source, streamId, memberId }: WireStream): void {
    const participant = memberId === undefined ? undefined : this.joined.get(memberId);
    if (participant?.streamIdOf(source) !== streamId) return;
    participant.handleStream(source, undefined, undefined);
    this.#session?.media.stop(streamId);
    const isNext = (other: WireStream) => other.memberId === memberId && other.source === source;
    const next = this.#session?.room?.othersStreams().find(isNext);
    if (next) this.#show(next);
  }

  #participantOf({ memberId }: WireStream): Participant | undefined {
    return memberId === undefined ? undefined : this.joined.get(memberId);
  }
}
