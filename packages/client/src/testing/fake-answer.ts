/**
 * What a server answers to offers. For tests only.
 *
 * @module
 */

import type { ErrorCode, NegotiateParams, PlayParams, PublishParams, StreamMids } from '@gavel/protocol';
import type { Answer } from './fake-server.ts';

/** A section of a fake description. */
export interface FakeSection {
  readonly kind: 'audio' | 'video';
  /** 0 if the section is rejected. */
  readonly port: number;
  readonly mid: string;
  readonly direction: RTCRtpTransceiverDirection;
}

/** Reads the sections of a fake description. */
export function readSections(sdp: string): FakeSection[] {
  return sdp
    .split(/(?=^m=)/m)
    .slice(1)
    .map((text) => ({
      kind: text.startsWith('m=audio') ? 'audio' : 'video',
      port: Number(/^m=\S+ (\d+)/.exec(text)?.[1]),
      mid: /^a=mid:(\S+)/m.exec(text)?.[1] ?? '',
      direction: (/^a=(sendonly|recvonly|sendrecv|inactive)\r?$/m.exec(text)?.[1] ??
        'inactive') as FakeSection['direction'],
    }));
}

/** Writes a section as part of a description. */
export function writeSection({ kind, port, mid, direction }: FakeSection): string {
  const codec = kind === 'audio' ? '111 opus/48000/2' : '96 VP8/90000';
  const [payload = ''] = codec.split(' ');
  return [
    `m=${kind} ${port} UDP/TLS/RTP/SAVPF ${payload}`,
    `a=mid:${mid}`,
    `a=${direction}`,
    `a=rtpmap:${codec}`,
    '',
  ].join('\r\n');
}

/** How a test answers the streams of an offer. */
export interface ItemAnswers {
  readonly publish?: (item: PublishParams) => Answer;
  readonly play?: (item: PlayParams) => Answer;
}

/** Answers an offer as the server does: a section is used if it carries a stream that is not refused. */
export function answerOffer({ offer, publish, play }: NegotiateParams, answers: ItemAnswers): Answer {
  const used = new Map<string, 'recvonly' | 'sendonly'>();
  const published = publish.map((item) => answerItem(item, answers.publish, 'recvonly', used));
  const played = play.map((item) => answerItem(item, answers.play, 'sendonly', used));
  if ([...published, ...played].includes(undefined)) return undefined;
  const sections = readSections(offer).map((section) =>
    writeSection({ ...section, direction: used.get(section.mid) ?? 'inactive' }),
  );
  const answer = ['v=0\r\na=fingerprint:sha-256 server\r\n', ...sections].join('');
  return { answer, publish: published, play: played };
}

function answerItem<T extends { readonly streamId: string; readonly mids: StreamMids }>(
  item: T,
  answer: ((item: T) => Answer) | undefined,
  direction: 'recvonly' | 'sendonly',
  used: Map<string, 'recvonly' | 'sendonly'>,
): object | undefined {
  const { streamId, mids } = item;
  const given = answer ? answer(item) : { audio: true, video: true };
  if (!given) return undefined;
  if ('refuse' in given) {
    const code = given.refuse as ErrorCode;
    return { streamId, error: { code, message: code, ...('details' in given && { details: given.details }) } };
  }
  const { audio, video } = given as { readonly audio: boolean; readonly video: boolean };
  if (audio && mids.audio !== undefined) used.set(mids.audio, direction);
  if (video && mids.video !== undefined) used.set(mids.video, direction);
  return { ...given, streamId };
}

/** Returns the streams that became part of an offer: not listed by the one before, or on other sections. */
export function findNewItems(
  offers: readonly NegotiateParams[],
  role: 'publish' | 'play',
): (PublishParams | PlayParams)[] {
  let before = new Set<string>();
  return offers.flatMap((params) => {
    const fingerprint = /^a=fingerprint:.*$/m.exec(params.offer)?.[0];
    const keyOf = ({ streamId, mids }: PublishParams | PlayParams) => JSON.stringify([fingerprint, streamId, mids]);
    const items: (PublishParams | PlayParams)[] = params[role];
    const added = items.filter((item) => !before.has(keyOf(item)));
    before = new Set(items.map(keyOf));
    return added;
  });
}
