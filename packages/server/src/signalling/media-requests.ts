/**
 * The requests about media: they convert parameters to commands, and replies to frames.
 *
 * @module
 */

import {
  GavelError,
  MAX_BYTES,
  type NegotiatedItem,
  type Params,
  type PlayParams,
  type PublishParams,
  parseStreamId,
  type Results,
  type StreamId,
} from '@gavel/protocol';
import { toWireError } from '../base/wire-error.ts';
import type { Bus } from '../bus/bus.ts';
import type { MediaCommand, NegotiatedKinds, PlayOrder, PublishOrder, Refused } from '../bus/media-commands.ts';
import type { Caller } from './requests.ts';
import { requireShort } from './texts.ts';

/** Negotiates, and answers with the result of each item in the order of the request. */
export async function negotiate(
  bus: Pick<Bus, 'call'>,
  { key, member, origin }: Caller,
  { offer, publish, play }: Params<'negotiate'>,
): Promise<Results['negotiate']> {
  requireDistinct(publish);
  requireDistinct(play);
  const items = { publish: publish.map(attempt(toPublishOrder)), play: play.map(attempt(toPlayOrder)) };
  const command = { type: 'negotiate', memberId: member.memberId, offer, ...items } as const;
  const result = await bus.call({ key, command, origin });
  return {
    answer: result.answer,
    publish: publish.map(({ streamId }, index) => toItem(streamId, result.publish[index])),
    play: play.map(({ streamId }, index) => toItem(streamId, result.play[index])),
  };
}

/** A media command that has nothing to answer, without its member. */
type MediaOrder = DistributiveOmit<Exclude<MediaCommand, { type: 'negotiate' }>, 'memberId'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Executes a media command of the caller. */
export async function executeMedia(
  bus: Pick<Bus, 'call'>,
  { key, member, origin }: Caller,
  order: MediaOrder,
): Promise<Record<string, never>> {
  await bus.call({ key, command: { ...order, memberId: member.memberId }, origin });
  return {};
}

/** @throws GavelError `stream.bad-id` */
export function requireStreamId(text: string): StreamId {
  const streamId = parseStreamId(text);
  if (streamId === undefined) throw new GavelError('stream.bad-id');
  return streamId;
}

function toPublishOrder(params: PublishParams): PublishOrder {
  const { mids, ongoing: isOngoing = false, source = 'camera', extraInfo = '', audio = true, video = true } = params;
  requireShort(extraInfo, MAX_BYTES.extraInfo);
  return { streamId: requireStreamId(params.streamId), mids, isOngoing, source, extraInfo, audio, video };
}

function toPlayOrder({ streamId, mids, ...preferences }: PlayParams): PlayOrder {
  return { streamId: requireStreamId(streamId), mids, preferences };
}

/** Makes a conversion return the error of a refused item, which does not affect the others (CONN-2). */
function attempt<From, To>(convert: (from: From) => To): (from: From) => To | Refused {
  return (from) => {
    try {
      return convert(from);
    } catch (error) {
      if (error instanceof GavelError) return { error: toWireError(error) };
      throw error;
    }
  };
}

function toItem(streamId: string, result: NegotiatedKinds | Refused | undefined): NegotiatedItem {
  if (!result) throw new Error('the negotiator answered too few items');
  return { streamId, ...result };
}

function requireDistinct(items: readonly { readonly streamId: string }[]): void {
  if (new Set(items.map(({ streamId }) => streamId)).size < items.length) {
    throw new GavelError('request.malformed', 'a stream is listed twice');
  }
}
