/**
 * A negotiation inside media control: as the command, with errors in the place of refused items.
 *
 * @module
 */

import type { MediaKind } from '@gavel/media';
import { GavelError, type RoomKey } from '@gavel/protocol';
import type {
  MediaCommand,
  Negotiated,
  NegotiatedKinds,
  PlayOrder,
  PublishOrder,
  Refused,
} from '../bus/media-commands.ts';
import type { Origin } from '../rooms/commands.ts';
import type { MemberInfo } from '../rooms/member.ts';

/** Who negotiates. */
export interface Caller {
  readonly key: RoomKey;
  readonly member: MemberInfo;
  readonly origin: Origin;
}

/** Everything that a member wants to publish and play. An item that is an error was refused before. */
export interface NegotiateOrder {
  /** The SDP offer. Untrusted. */
  readonly offer: string;
  readonly publish: readonly (PublishOrder | GavelError)[];
  readonly play: readonly (PlayOrder | GavelError)[];
}

/** The result of a negotiation; the lists are in the order of the request. */
export interface NegotiateResult {
  readonly answer: string;
  readonly publish: readonly (NegotiatedKinds | GavelError)[];
  readonly play: readonly (NegotiatedKinds | GavelError)[];
}

/** Returns the items that were not refused. */
export function withoutErrors<Item>(items: readonly (Item | GavelError)[]): readonly Item[] {
  return items.filter((item): item is Item => !(item instanceof Error));
}

/** Returns the unsupported kinds of an engine's result, if there are any. */
export function unsupportedOf({
  unsupported,
}: {
  readonly unsupported?: readonly MediaKind[];
}): Pick<NegotiatedKinds, 'unsupported'> {
  return unsupported && unsupported.length > 0 ? { unsupported } : {};
}

/** Returns the order of a command. */
export function orderOf({ offer, publish, play }: Extract<MediaCommand, { type: 'negotiate' }>): NegotiateOrder {
  return { offer, publish: publish.map(fromJson), play: play.map(fromJson) };
}

/** Returns the reply of a command. */
export function replyOf({ answer, publish, play }: NegotiateResult): Negotiated {
  return { answer, publish: publish.map(toJson), play: play.map(toJson) };
}

function fromJson<Item extends object>(item: Item | Refused): Item | GavelError {
  if (!('error' in item)) return item;
  const { code, message, details } = item.error;
  return new GavelError(code, message, details);
}

function toJson<Item>(item: Item | GavelError): Item | Refused {
  if (!(item instanceof GavelError)) return item;
  const { code, message, details } = item;
  return { error: { code, message, ...(details && { details }) } };
}
