/**
 * A small, strict parser of session descriptions (RFC 8866). Every offer of a browser is parsed here before any part of
 * it reaches the native binding.
 *
 * @module
 */

import { MediaError } from '../engine.ts';

/** Maximum size of an SDP, in bytes: 200 sections with all codecs of a browser. */
export const MAX_SDP_BYTES = 1_048_576;

/** Maximum number of m-sections. */
export const MAX_MEDIA_SECTIONS = 512;

const MAX_LINE_LENGTH = 2_048;

/** One `a=` line, split at the first colon. */
export interface SdpAttribute {
  readonly name: string;
  /** Empty for a property attribute. */
  readonly value: string;
}

/** One m-section, not validated. */
export interface SdpSection {
  /** `audio`, `video`, `application` or anything else. */
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly attributes: readonly SdpAttribute[];
}

/** A session description, not validated. */
export interface SessionDescription {
  readonly attributes: readonly SdpAttribute[];
  readonly sections: readonly SdpSection[];
}

/**
 * Reads a session description.
 *
 * @throws MediaError `bad-offer` if it is too long, has too many sections or is not valid SDP
 */
export function parseSessionDescription(sdp: unknown): SessionDescription {
  if (typeof sdp !== 'string') throw new MediaError('bad-offer', 'The offer is not a string');
  if (sdp.length > MAX_SDP_BYTES || Buffer.byteLength(sdp) > MAX_SDP_BYTES) {
    throw new MediaError('bad-offer', `The offer is longer than ${MAX_SDP_BYTES} bytes`);
  }
  const lines = sdp.split(/\r\n|\n|\r/);
  if (lines[0] !== 'v=0') throw new MediaError('bad-offer', 'The offer does not begin with v=0');

  const sessionAttributes: SdpAttribute[] = [];
  const sections: SdpSection[] = [];
  let attributes = sessionAttributes;
  for (const line of lines) {
    if (line === '') continue;
    if (line.length > MAX_LINE_LENGTH || !/^[a-z]=[\x20-\x7e\u0080-\uffff]*$/.test(line)) {
      throw new MediaError('bad-offer', `The offer has a malformed line: ${JSON.stringify(line.slice(0, 40))}`);
    }
    if (line.startsWith('m=')) {
      if (sections.length === MAX_MEDIA_SECTIONS) {
        throw new MediaError('bad-offer', `The offer has more than ${MAX_MEDIA_SECTIONS} media sections`);
      }
      attributes = [];
      sections.push(parseMediaLine(line, attributes));
    } else if (line.startsWith('a=')) {
      const colon = line.indexOf(':');
      attributes.push(
        colon < 0 ? { name: line.slice(2), value: '' } : { name: line.slice(2, colon), value: line.slice(colon + 1) },
      );
    }
  }
  return { attributes: sessionAttributes, sections };
}

function parseMediaLine(line: string, attributes: SdpAttribute[]): SdpSection {
  const match = /^m=([a-z]{1,16}) (\d{1,5})(?:\/\d{1,5})? ([A-Za-z/]{1,32}) ([\x21-\x7e]+(?: [\x21-\x7e]+)*) ?$/.exec(
    line,
  );
  if (match === null) throw new MediaError('bad-offer', `The offer has a malformed m-line: ${line.slice(0, 60)}`);
  const [, kind = '', port = '', protocol = '', formats = ''] = match;
  return { kind, port: Number(port), protocol, formats: formats.split(' '), attributes };
}

/** The value of the first attribute of that name; undefined when there is none. */
export function findAttribute(attributes: readonly SdpAttribute[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}

/** The values of all attributes of that name, in order. */
export function listAttributes(attributes: readonly SdpAttribute[], name: string): string[] {
  return attributes.filter((attribute) => attribute.name === name).map((attribute) => attribute.value);
}
