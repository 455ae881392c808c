/**
 * Simulcast in SDP (RFC 8851, RFC 8853): several encodings of one picture in one section, named by rids.
 *
 * @module
 */

import { findAttribute, listAttributes, type SdpSection } from './session-description.ts';

/** The URI of the header extension that names the encoding of a packet (RFC 8852). */
export const RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';
/** The URI of the header extension that names the encoding that a retransmission repairs (RFC 8852). */
export const REPAIRED_RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id';

/** Maximum number of encodings that are accepted; further ones are refused. */
export const MAX_LAYERS = 3;

/**
 * Lists the rids that a section offers to send, from the lowest encoding to the highest, as browsers order them. Empty
 * without simulcast, also if there are rids. Of alternatives the first is chosen.
 */
export function listSendRids(section: SdpSection): string[] {
  const declared = new Set(
    listAttributes(section.attributes, 'rid').flatMap(
      (value) => /^([A-Za-z0-9_-]{1,16}) send\b/.exec(value)?.[1] ?? [],
    ),
  );
  const streams = /(?:^|\s)send (\S+)/.exec(findAttribute(section.attributes, 'simulcast') ?? '')?.[1];
  if (streams === undefined) return [];
  const rids = new Set<string>();
  for (const alternatives of streams.split(';')) {
    // A rid with a tilde is paused at the beginning.
    const rid = (alternatives.split(',')[0] ?? '').replace(/^~/, '');
    if (declared.has(rid) && rids.size < MAX_LAYERS) rids.add(rid);
  }
  return rids.size > 1 ? [...rids] : [];
}
