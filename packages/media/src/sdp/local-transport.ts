/**
 * Mining the binding's own answer for ICE and DTLS, and making its candidates ours.
 *
 * @module
 */

import type { LocalTransport } from './answer.ts';
import { findAttribute, listAttributes, parseSessionDescription } from './session-description.ts';

/** Which addresses an answer tells. */
export interface AddressPolicy {
  /** Stands in the place of every host candidate's address, for a server behind NAT. */
  readonly announcedAddress?: string | undefined;
  /** The address that the sockets are bound to; undefined for all. */
  readonly listenAddress?: string | undefined;
}

/** Reads the binding's answer. */
export function readLocalTransport(sdp: string, policy: AddressPolicy): LocalTransport {
  const { attributes, sections } = parseSessionDescription(sdp);
  const sectionAttributes = sections[0]?.attributes ?? [];
  const find = (name: string): string =>
    findAttribute(sectionAttributes, name) ?? findAttribute(attributes, name) ?? '';
  return {
    iceUfrag: find('ice-ufrag'),
    icePwd: find('ice-pwd'),
    fingerprint: find('fingerprint'),
    setup: find('setup'),
    candidates: rewriteCandidates(listAttributes(sectionAttributes, 'candidate'), policy),
  };
}

/**
 * Makes the candidates of an answer.
 *
 * With an announced address, host candidates are told under that address alone. Without one, the loopback address is
 * told too, behind all others: the binding never does, and a browser on the server's own machine may have no other way.
 */
export function rewriteCandidates(candidates: readonly string[], policy: AddressPolicy): string[] {
  const rewritten: string[] = [];
  const ports = new Set<string>();
  for (const candidate of candidates) {
    const fields = candidate.split(' ');
    const [foundation, component, protocol, priority, , port] = fields;
    if (port === undefined || fields[7] !== 'host') {
      rewritten.push(candidate);
      continue;
    }
    if (policy.announcedAddress === undefined) rewritten.push(candidate);
    else if (!ports.has(port)) {
      rewritten.push(`${foundation} ${component} ${protocol} ${priority} ${policy.announcedAddress} ${port} typ host`);
    }
    ports.add(port);
  }
  if (policy.announcedAddress === undefined && policy.listenAddress === undefined) {
    for (const port of ports) rewritten.push(`127 1 UDP 1 127.0.0.1 ${port} typ host`);
  }
  return rewritten;
}
