/**
 * The own user's permissions from its preset or a host; the server enforces them (reference realtimekit 8.2).
 *
 * @module
 */

import type { IdentifyResult, Params, WirePermissions } from '@gavel/protocol';
import { PresetFacts } from './preset-facts.ts';

/** The events of permissions. */
export interface PermissionEvents {
  /** A host changed the permissions; `patch` has the groups that changed. */
  // biome-ignore lint/suspicious/noExplicitAny: a `PermissionsPatch`; the vendor declares its own enumerations in it
  permissionsUpdate: [patch: any];
  /** The chat permissions changed. */
  chatUpdate: [];
  /** The poll permissions changed. */
  pollsUpdate: [];
  /** The plugin permissions changed; never emitted, because this server has no plugins. */
  pluginsUpdate: [];
}

/** Whether a kind of media may be sent; `CAN_REQUEST`: from the stage, after a request. */
export type Access = 'ALLOWED' | 'NOT_ALLOWED' | 'CAN_REQUEST';
const accessOf = (isAllowed: boolean | undefined): Access => ((isAllowed ?? true) ? 'ALLOWED' : 'NOT_ALLOWED');

const isSame = (one: object | undefined, other: object | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** The own permissions. */
export class Permissions extends PresetFacts<PermissionEvents> {
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

  /** The kind of meeting: `hive`, with one server for all. */
  get mediaRoomType(): string {
    return 'hive';
  }

  get requestProduceAudio(): boolean {
    return this.canProduceAudio === 'CAN_REQUEST';
  }

  get requestProduceVideo(): boolean {
    return this.canProduceVideo === 'CAN_REQUEST';
  }

  get requestProduceScreenshare(): boolean {
    return this.canProduceScreenshare === 'CAN_REQUEST';
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
    this.emit('permissionsUpdate', this.#patchSince(before));
  }

  #patchSince(before: WirePermissions | undefined): PermissionsPatch {
    const { publishAudio, publishVideo, screen, chat, polls } = this.#wire ?? {};
    const isMediaSame =
      publishAudio === before?.publishAudio && publishVideo === before?.publishVideo && isSame(screen, before?.screen);
    const media = {
      audio: { canProduce: this.canProduceAudio },
      video: { canProduce: this.canProduceVideo },
      screenshare: { canProduce: this.canProduceScreenshare },
    };
    return {
      ...(!isMediaSame && { media }),
      ...(!isSame(chat, before?.chat) && { chat: { public: this.chatPublic, private: this.chatPrivate } }),
      ...(!isSame(polls, before?.polls) && { polls: this.polls }),
    };
  }
}

/** A change of permissions; omitted ones stay. */
export interface PermissionsPatch {
  readonly media?: {
    readonly audio?: { readonly canProduce?: Access };
    readonly video?: { readonly canProduce?: Access };
    readonly screenshare?: { readonly canProduce?: Access };
  };
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
  const { media = {}, chat = {}, polls = {} } = patch;
  const {
    canProduceAudio = media.audio?.canProduce,
    canProduceVideo = media.video?.canProduce,
    canProduceScreenshare = media.screenshare?.canProduce,
  } = patch;
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
