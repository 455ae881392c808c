/**
 * The offer that is passed to the native binding.
 *
 * It is written anew and carries one section whatever the browser offered, because the binding then hands every RTP
 * and RTCP packet of the peer connection to one track: telling audio from video is done here, by payload type and SSRC,
 * and nothing that a client wrote (rids, unknown extensions, a hundred SSRCs) is parsed in C++.
 *
 * @module
 */

import type { OfferTransport } from './offer.ts';

/** The mid of the one section. */
export const bindingMid = '0';

/** The payload type of the one section; it stands for all, the binding does not look at it. */
export const bindingPayloadType = 96;

/**
 * Writes the binding's offer.
 *
 * @param direction from the browser's point of view
 * @param withCandidates whether the browser's own candidates are passed on, which only a relay of ours needs: otherwise
 * the browser comes to us and is learnt as peer-reflexive, and nobody can have us send checks to addresses of his choice
 */
export function writeBindingOffer(
  transport: OfferTransport,
  direction: 'sendonly' | 'recvonly',
  withCandidates: boolean,
): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bindingMid}`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${bindingPayloadType}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${bindingMid}`,
    `a=ice-ufrag:${transport.iceUfrag}`,
    `a=ice-pwd:${transport.icePwd}`,
    `a=fingerprint:${transport.fingerprint}`,
    // A browser that leaves the choice to us begins the handshake: then our side is ready before its first packets
    // come, and these are the probes that its bandwidth estimate starts from (MED-4).
    `a=setup:${transport.setup === 'passive' ? 'passive' : 'active'}`,
    `a=${direction}`,
    'a=rtcp-mux',
    `a=rtpmap:${bindingPayloadType} VP8/90000`,
    ...(withCandidates ? transport.candidates.map((candidate) => `a=candidate:${candidate}`) : []),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
