/**
 * The header extensions that every section must offer.
 *
 * @module
 */

/** The part of a transceiver that chooses header extensions (WebRTC Extensions, 5); browsers may not have it. */
interface ExtensionControl {
  getHeaderExtensionsToNegotiate?(): readonly { readonly uri: string; direction: RTCRtpTransceiverDirection }[];
  setHeaderExtensionsToNegotiate?(extensions: readonly object[]): void;
}

/** They name the section and the layer of a packet, number packets for the estimate of bandwidth, and say how loud they are. */
const USED =
  /:sdes:(?:mid|(?:repaired-)?rtp-stream-id)$|:ssrc-audio-level$|\/draft-holmer-rmcat-transport-wide-cc-extensions-01$/;

/**
 * Offers the extensions that the server uses. By default Chromium leaves out of new sections what the answer to an earlier section
 * of the same kind has refused, and the first section, which carries no stream, has none.
 */
export function offerUsedExtensions(section: object): void {
  const control: ExtensionControl = section;
  const extensions = control.getHeaderExtensionsToNegotiate?.();
  if (!extensions) return;
  for (const extension of extensions) if (USED.test(extension.uri)) extension.direction = 'sendrecv';
  control.setHeaderExtensionsToNegotiate?.(extensions);
}
