/**
 * Extracts ICE and DTLS parameters from the binding's own answer, and rewrites its candidates.
 *
 * @module
 */

import type { LocalTransport } from './answer.ts';
import { findAttribute, listAttributes, parseSessionDescription } from './session-description.ts';

/** Which addresses an answer contains. */
export interface AddressPolicy {
  /** Replaces the address of every host candidate, for a server behind NAT. */
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
    isIceLite: false,
    iceUfrag: find('ice-ufrag'),
    icePwd: find('ice-pwd'),
    fingerprint: find('fingerprint'),
    setup: find('setup'),
    candidates: rewriteCandidates(listAttributes(sectionAttributes, 'candidate'), policy),
  };
}

/**
 * Creates the candidates of an answer.
 *
 * With an announced address, host candidates have only that address. Without one, a loopback candidate is added with
 * the lowest priority: the binding never adds one, and a browser on the server's machine may have no other path.
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
