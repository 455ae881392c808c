/**
 * The header extensions that a section which sends must offer.
 *
 * @module
 */

/** The part of a transceiver that chooses header extensions (WebRTC Extensions, 5); browsers may not have it. */
interface ExtensionControl {
  getHeaderExtensionsToNegotiate?(): readonly { readonly uri: string; direction: RTCRtpTransceiverDirection }[];
  setHeaderExtensionsToNegotiate?(extensions: readonly object[]): void;
}

const SDES = 'urn:ietf:params:rtp-hdrext:sdes:';
/** They name the section and the layer of a packet. */
const NAMING: ReadonlySet<string> = new Set(
  ['mid', 'rtp-stream-id', 'repaired-rtp-stream-id'].map((name) => SDES + name),
);

/**
 * Offers the extensions that name the section and the layer of a packet. By default Chromium leaves out of new sections what the
 * answer to an earlier section of the same kind has refused, and then refuses its own offer of layers.
 */
export function offerLayerExtensions(section: object): void {
  const control: ExtensionControl = section;
  const extensions = control.getHeaderExtensionsToNegotiate?.();
  if (!extensions) return;
  for (const extension of extensions) if (NAMING.has(extension.uri)) extension.direction = 'sendrecv';
  control.setHeaderExtensionsToNegotiate?.(extensions);
}
