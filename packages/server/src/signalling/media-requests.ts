/**
 * The requests about media: they convert parameters to what the negotiator takes, and its results to frames.
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
import type { Caller, NegotiatedKinds, PlayOrder, PublishOrder } from '../media-control/negotiation.ts';
import type { Negotiator } from '../media-control/negotiator.ts';
import { toWireError } from '../rooms/wire-error.ts';
import { requireShort } from './texts.ts';

/** Negotiates, and answers with the result of each item in the order of the request. */
export async function negotiate(
  media: Negotiator,
  caller: Caller,
  { offer, publish, play }: Params<'negotiate'>,
): Promise<Results['negotiate']> {
  requireDistinct(publish);
  requireDistinct(play);
  const order = { offer, publish: publish.map(attempt(toPublishOrder)), play: play.map(attempt(toPlayOrder)) };
  const result = await media.negotiate(caller, order);
  return {
    answer: result.answer,
    publish: publish.map(({ streamId }, index) => toItem(streamId, result.publish[index])),
    play: play.map(({ streamId }, index) => toItem(streamId, result.play[index])),
  };
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
function attempt<From, To>(convert: (from: From) => To): (from: From) => To | GavelError {
  return (from) => {
    try {
      return convert(from);
    } catch (error) {
      if (error instanceof GavelError) return error;
      throw error;
    }
  };
}

function toItem(streamId: string, result: NegotiatedKinds | GavelError | undefined): NegotiatedItem {
  if (!result) throw new Error('the negotiator answered too few items');
  return result instanceof GavelError ? { streamId, error: toWireError(result) } : { streamId, ...result };
}

function requireDistinct(items: readonly { readonly streamId: string }[]): void {
  if (new Set(items.map(({ streamId }) => streamId)).size < items.length) {
    throw new GavelError('request.malformed', 'a stream is listed twice');
  }
}
