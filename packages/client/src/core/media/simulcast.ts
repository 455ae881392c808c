/**
 * The encodings of a published picture: one, or three layers of it (SIM-1).
 *
 * @module
 */

import type { WireDemand } from '@gavel/protocol';

/** What decides about layers. */
export interface LayerOptions {
  readonly source?: 'camera' | 'screen';
  readonly simulcast?: boolean;
}

/** Pictures whose shorter side has at most this many pixels are sent in one size by default. */
const SINGLE_SIZE_PX = 360;

/** The layers from the lowest: the share of the bitrate that each may use, and by what its picture is smaller. */
const LAYERS = [
  { rid: 'l', scale: 4, share: 0.08 },
  { rid: 'm', scale: 2, share: 0.24 },
  { rid: 'h', scale: 1, share: 0.68 },
] as const;

/** A viewer's ceiling below this does not limit its layer further: the picture would not be recognisable. */
const MIN_CEILING_BPS = 50_000;

/** How much is sent at most. */
export interface EncodingLimits {
  /** Of all layers together, in kbit/s. */
  readonly maxKbps: number;
  /** What the viewers take; undefined: everything. */
  readonly demand: WireDemand | undefined;
}

/** Returns the encodings for a track, within the limits. */
export function encodingsFor(
  track: MediaStreamTrack | undefined,
  limits: EncodingLimits,
  options: LayerOptions,
): RTCRtpEncodingParameters[] {
  const encodings: RTCRtpEncodingParameters[] = hasLayers(track, options)
    ? LAYERS.map(({ rid, scale }) => ({ rid, scaleResolutionDownBy: scale }))
    : [{}];
  limitEncodings(encodings, limits);
  return encodings;
}

/** Applies limits to a sender of video, without a new offer. @throws DOMException if the browser refuses them */
export async function limitSender(sender: RTCRtpSender, limits: EncodingLimits): Promise<void> {
  const parameters = sender.getParameters();
  limitEncodings(parameters.encodings, limits);
  await sender.setParameters(parameters);
}

/** Limits encodings in place. Layers above the highest that is taken are switched off (BWE-4). */
function limitEncodings(encodings: readonly RTCRtpEncodingParameters[], { maxKbps, demand }: EncodingLimits): void {
  const highest = Math.min(encodings.length - 1, demand?.highestLayer ?? Number.POSITIVE_INFINITY);
  for (const [layer, encoding] of encodings.entries()) {
    const share = encodings.length === 1 ? 1 : (LAYERS.find(({ rid }) => rid === encoding.rid)?.share ?? 1);
    const ownBps = Math.round(maxKbps * 1000 * share);
    const ceilingBps = Math.max(MIN_CEILING_BPS, demand?.maxBps ?? ownBps);
    encoding.maxBitrate = layer === highest ? Math.min(ownBps, ceilingBps) : ownBps;
    const isTaken = layer <= highest;
    if (isTaken !== (encoding.active ?? true)) encoding.active = isTaken;
  }
}

function hasLayers(track: MediaStreamTrack | undefined, { source = 'camera', simulcast }: LayerOptions): boolean {
  if (source === 'screen') return false;
  if (simulcast !== undefined) return simulcast;
  if (!track) return true;
  const { width, height } = track.getSettings();
  return width === undefined || height === undefined ? false : Math.min(width, height) > SINGLE_SIZE_PX;
}
