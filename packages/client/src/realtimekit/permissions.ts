/**
 * The own user's permissions from its preset or a host; the server enforces them (reference realtimekit 8.2).
 *
 * @module
 */

import type { IdentifyResult, Params, WirePermissions } from '@gavel/protocol';
import { PresetFacts } from './preset-facts.ts';

/** The events of permissions. */
export interface PermissionsEvents {
  /** A host changed the permissions. */
  permissionsUpdate: [];
  /** The chat permissions changed. */
  chatUpdate: [];
  /** The poll permissions changed. */
  pollsUpdate: [];
}

type Access = 'ALLOWED' | 'NOT_ALLOWED';
const accessOf = (isAllowed: boolean | undefined): Access => ((isAllowed ?? true) ? 'ALLOWED' : 'NOT_ALLOWED');

const isSame = (one: object | undefined, other: object | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** The own permissions. */
export class Permissions extends PresetFacts<PermissionsEvents> {
  #wire: WirePermissions | undefined;

  get canProduceAudio(): Access {
    return accessOf(this.#wire?.publishAudio);
  }

  get canProduceVideo(): Access {
    return accessOf(this.#wire?.publishVideo);
  }

  get canProduceScreenshare(): Access {
    return accessOf(this.#wire?.screen?.publish ?? this.#wire?.publishVideo);
  }

  get kickParticipant(): boolean {
    return this.#wire?.moderation?.kick ?? false;
  }

  get canDisableParticipantAudio(): boolean {
    return this.#wire?.moderation?.muteAudio ?? false;
  }

  get canDisableParticipantVideo(): boolean {
    return this.#wire?.moderation?.muteVideo ?? false;
  }

  get canDisableParticipantScreensharing(): boolean {
    return this.#wire?.moderation?.muteScreen ?? false;
  }

  get canChangeParticipantPermissions(): boolean {
    return this.#wire?.moderation?.changePermissions ?? false;
  }

  get pinParticipant(): boolean {
    return this.#wire?.moderation?.pin ?? false;
  }

  get canEditDisplayName(): boolean {
    return this.#wire?.rename ?? false;
  }

  get chatPublic(): { readonly canSend: boolean; readonly text: boolean; readonly files: boolean } {
    const { sendPublic: canSend = false, publicText = true, publicFiles = true } = this.#wire?.chat ?? {};
    return { canSend, text: canSend && publicText, files: canSend && publicFiles };
  }

  get chatPrivate(): {
    readonly canSend: boolean;
    readonly canReceive: boolean;
    readonly text: boolean;
    readonly files: boolean;
  } {
    const chat = this.#wire?.chat;
    const { sendPrivate: canSend = false, receivePrivate: canReceive = false } = chat ?? {};
    const { privateText = true, privateFiles = true } = chat ?? {};
    return { canSend, canReceive, text: canSend && privateText, files: canSend && privateFiles };
  }

  get polls(): { readonly canCreate: boolean; readonly canVote: boolean; readonly canView: boolean } {
    const { create: canCreate = false, vote: canVote = false, view: canView = false } = this.#wire?.polls ?? {};
    return { canCreate, canVote, canView };
  }

  /** Applies the server's permissions; emits an event if they changed. */
  handle(wire: WirePermissions, isChange: boolean, facts?: IdentifyResult['facts']): void {
    if (facts) this.handleFacts(facts);
    const before = this.#wire;
    this.#wire = wire;
    if (!isChange) return;
    if (!isSame(before?.chat, wire.chat)) this.emit('chatUpdate');
    if (!isSame(before?.polls, wire.polls)) this.emit('pollsUpdate');
    this.emit('permissionsUpdate');
  }
}

/** A change of others' permissions; omitted ones stay. */
export interface PermissionsPatch {
  readonly canProduceAudio?: Access;
  readonly canProduceVideo?: Access;
  readonly canProduceScreenshare?: Access;
  readonly chat?: {
    readonly public?: { readonly canSend?: boolean; readonly text?: boolean; readonly files?: boolean };
    readonly private?: {
      readonly canSend?: boolean;
      readonly canReceive?: boolean;
      readonly text?: boolean;
      readonly files?: boolean;
    };
  };
  readonly polls?: { readonly canCreate?: boolean; readonly canVote?: boolean; readonly canView?: boolean };
}

type Changes = Extract<Params<'moderate'>, { action: 'setPermissions' }>['changes'];

/** Converts a change to the protocol's shape. */
export function toChanges(patch: PermissionsPatch): Changes {
  const { canProduceAudio, canProduceVideo, canProduceScreenshare, chat = {}, polls = {} } = patch;
  const said = {
    ...(chat.public?.canSend !== undefined && { sendPublic: chat.public.canSend }),
    ...(chat.private?.canSend !== undefined && { sendPrivate: chat.private.canSend }),
    ...(chat.private?.canReceive !== undefined && { receivePrivate: chat.private.canReceive }),
    ...(chat.public?.text !== undefined && { publicText: chat.public.text }),
    ...(chat.private?.text !== undefined && { privateText: chat.private.text }),
    ...(chat.public?.files !== undefined && { publicFiles: chat.public.files }),
    ...(chat.private?.files !== undefined && { privateFiles: chat.private.files }),
  };
  const pollRights = {
    ...(polls.canCreate !== undefined && { create: polls.canCreate }),
    ...(polls.canVote !== undefined && { vote: polls.canVote }),
    ...(polls.canView !== undefined && { view: polls.canView }),
  };
  return {
    ...(canProduceAudio && { publishAudio: canProduceAudio === 'ALLOWED' }),
    ...(canProduceVideo && { publishVideo: canProduceVideo === 'ALLOWED' }),
    ...(canProduceScreenshare && { publishScreen: canProduceScreenshare === 'ALLOWED' }),
    ...(Object.keys(said).length > 0 && { chat: said }),
    ...(Object.keys(pollRights).length > 0 && { polls: pollRights }),
  };
}
