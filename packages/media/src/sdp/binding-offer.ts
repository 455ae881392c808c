/**
 * The offer that is passed to the native binding.
 *
 * It is written from scratch with a single section, so that the binding delivers every RTP and RTCP packet of the peer
 * connection to one track, and sends whatever that track is given. It never changes: the sections of a client's offers are
 * negotiated in TypeScript, where packets are distinguished by their SSRCs. The native code parses nothing that a client
 * wrote (rids, unknown extensions, a hundred SSRCs).
 *
 * @module
 */

import type { OfferTransport } from './offer.ts';

/** The mid of the section. */
export const BINDING_MID = '0';

/** The payload type of the section. The binding does not check it, so it stands for all payload types. */
export const BINDING_PAYLOAD_TYPE = 96;

/**
 * Writes the binding's offer.
 *
 * @param withCandidates whether to pass on the browser's candidates. Only a TURN relay of the server needs them: without
 *   them the browser's address is learnt as peer-reflexive, and a client cannot make the server send checks elsewhere
 */
export function writeBindingOffer(transport: OfferTransport, withCandidates: boolean): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${BINDING_MID}`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${BINDING_PAYLOAD_TYPE}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${BINDING_MID}`,
    `a=ice-ufrag:${transport.iceUfrag}`,
    `a=ice-pwd:${transport.icePwd}`,
    `a=fingerprint:${transport.fingerprint}`,
    // If the browser offers actpass, it starts the DTLS handshake: then this side is ready before the browser's first
    // packets arrive, which are the probes of its bandwidth estimate (MED-4).
    `a=setup:${transport.setup === 'passive' ? 'passive' : 'active'}`,
    'a=sendrecv',
    'a=rtcp-mux',
    `a=rtpmap:${BINDING_PAYLOAD_TYPE} VP8/90000`,
    ...(withCandidates ? transport.candidates.map((candidate) => `a=candidate:${candidate}`) : []),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
