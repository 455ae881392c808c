/**
 * What is changed in the browser's offers and in the server's answers.
 *
 * @module
 */

/** Hints for the browser about a section that sends, written into the answer. */
export interface SendingHints {
  /** Where Chromium's bandwidth estimate starts, in kbit/s, instead of 300. */
  readonly startVideoKbps: number;
  /** Whether sound is sent with two channels. */
  readonly stereo: boolean;
}

interface Section {
  readonly kind: string;
  readonly mid: string;
  readonly lines: readonly string[];
}

/**
 * Completes an offer: lost packets of sound may be requested again, and sound is received with two channels where the publisher
 * sends them.
 */
export function completeOffer(sdp: string): string {
  return changeSections(sdp, ({ kind, lines }) => {
    if (kind !== 'audio') return lines;
    const payload = findPayloads(lines, /^opus$/i)[0];
    if (payload === undefined || !hasTransport(lines)) return lines;
    const nack = `a=rtcp-fb:${payload} nack`;
    const withNack = lines.includes(nack)
      ? lines
      : lines.flatMap((line) => (line.startsWith(`a=rtpmap:${payload} `) ? [line, nack] : [line]));
    return lines.includes('a=recvonly') ? addParameter(withNack, payload, 'stereo=1') : withNack;
  });
}

/** Completes an answer: adds the hints for each section that has some, by mid. Browsers other than Chromium ignore the bitrate. */
export function completeAnswer(sdp: string, hints: ReadonlyMap<string, SendingHints>): string {
  return changeSections(sdp, ({ kind, mid, lines }) => {
    const hint = hints.get(mid);
    if (!hint) return lines;
    const names = kind === 'video' ? /^(?:VP8|H264)$/i : /^opus$/i;
    const parameter = kind === 'video' ? `x-google-start-bitrate=${hint.startVideoKbps}` : 'stereo=1';
    if (kind !== 'video' && !hint.stereo) return lines;
    return findPayloads(lines, names).reduce<readonly string[]>(
      (changed, payload) => addParameter(changed, payload, parameter),
      lines,
    );
  });
}

/** Returns the fingerprint of the certificate in a description. */
export function readFingerprint(sdp: string): string | undefined {
  return /^a=fingerprint:(.+)$/m.exec(sdp)?.[1]?.trim();
}

function changeSections(sdp: string, change: (section: Section) => readonly string[]): string {
  const [session = '', ...sections] = sdp.split(/(?=^m=)/m);
  const changed = sections.map((text) => {
    const lines = text.split('\r\n');
    const kind = /^m=(\S+)/.exec(text)?.[1] ?? '';
    const mid = lines.find((line) => line.startsWith('a=mid:'))?.slice('a=mid:'.length) ?? '';
    return change({ kind, mid, lines }).join('\r\n');
  });
  return [session, ...changed].join('');
}

/** Whether the section is in use: its port is not 0. */
function hasTransport([media = '']: readonly string[]): boolean {
  return !/^m=\S+ 0 /.test(media);
}

function findPayloads(lines: readonly string[], names: RegExp): string[] {
  return lines.flatMap((line) => {
    const [, payload = '', name = ''] = /^a=rtpmap:(\d+) ([^/]+)/.exec(line) ?? [];
    return names.test(name) ? [payload] : [];
  });
}

/** Adds a format parameter of a payload type, unless it is there. */
function addParameter(lines: readonly string[], payload: string, parameter: string): readonly string[] {
  const start = `a=fmtp:${payload} `;
  const index = lines.findIndex((line) => line.startsWith(start));
  if (index < 0) {
    return lines.flatMap((line) => (line.startsWith(`a=rtpmap:${payload} `) ? [line, `${start}${parameter}`] : [line]));
  }
  return lines.map((line, at) => {
    const isThere = line.slice(start.length).split(';').includes(parameter);
    return at === index && !isThere ? `${line};${parameter}` : line;
  });
}
