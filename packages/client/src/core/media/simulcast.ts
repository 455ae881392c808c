/**
 * The encodings of a published picture: one, or three layers of it (SIM-1).
 *
 * @module
 */

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

/** Returns the encodings for a track, which together use at most `maxKbps`, in kbit/s. */
export function encodingsFor(
  track: MediaStreamTrack | undefined,
  maxKbps: number,
  options: LayerOptions,
): RTCRtpEncodingParameters[] {
  const encodings: RTCRtpEncodingParameters[] = hasLayers(track, options)
    ? LAYERS.map(({ rid, scale }) => ({ rid, scaleResolutionDownBy: scale }))
    : [{}];
  limitEncodings(encodings, maxKbps);
  return encodings;
}

/** Limits encodings in place, so that together they use at most `maxKbps`, in kbit/s. */
export function limitEncodings(encodings: readonly RTCRtpEncodingParameters[], maxKbps: number): void {
  for (const encoding of encodings) {
    const share = encodings.length === 1 ? 1 : (LAYERS.find(({ rid }) => rid === encoding.rid)?.share ?? 1);
    encoding.maxBitrate = Math.round(maxKbps * 1000 * share);
  }
}

function hasLayers(track: MediaStreamTrack | undefined, { source = 'camera', simulcast }: LayerOptions): boolean {
  if (source === 'screen') return false;
  if (simulcast !== undefined) return simulcast;
  if (!track) return true;
  const { width, height } = track.getSettings();
  return width === undefined || height === undefined ? false : Math.min(width, height) > SINGLE_SIZE_PX;
}
