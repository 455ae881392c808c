import { expect, test } from 'vitest';
import { completeAnswer, completeOffer, readFingerprint } from './sdp.ts';

const section = (kind: string, mid: string, direction: string, lines: readonly string[]) => [
  `m=${kind} 9 UDP/TLS/RTP/SAVPF 111 96`,
  `a=mid:${mid}`,
  `a=${direction}`,
  ...lines,
];
const OPUS = ['a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1'];
const VIDEO = [
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1',
];
const toSdp = (...sections: (readonly string[])[]) =>
  ['v=0', 'a=fingerprint:sha-256 AB:CD', ...sections.flat(), ''].join('\r\n');

test('an offer asks for lost sound again, and for two channels where sound is received', () => {
  const offer = toSdp(
    section('audio', '0', 'recvonly', OPUS),
    section('audio', '1', 'sendonly', OPUS),
    section('video', '2', 'recvonly', VIDEO),
  );
  const nack = ['a=rtpmap:111 opus/48000/2', 'a=rtcp-fb:111 nack'];
  const completed = toSdp(
    section('audio', '0', 'recvonly', [...nack, 'a=fmtp:111 minptime=10;useinbandfec=1;stereo=1']),
    section('audio', '1', 'sendonly', [...nack, 'a=fmtp:111 minptime=10;useinbandfec=1']),
    section('video', '2', 'recvonly', VIDEO),
  );
  expect(completeOffer(offer)).toBe(completed);
  expect(completeOffer(completed)).toBe(completed);
});

test('a rejected section, and one without Opus, stay as they are', () => {
  const rejected = toSdp(['m=audio 0 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', ...OPUS]);
  const other = toSdp(section('audio', '0', 'recvonly', ['a=rtpmap:0 PCMU/8000']));
  expect([rejected, other].map(completeOffer)).toEqual([rejected, other]);
});

test('the hints of a section are put into the format parameters of its codecs, and nowhere else', () => {
  const answer = toSdp(
    section('video', '0', 'recvonly', VIDEO),
    section('audio', '1', 'recvonly', OPUS),
    section('video', '2', 'recvonly', VIDEO),
  );
  const hints = new Map([
    ['1', { startVideoKbps: 1200, stereo: true }],
    ['2', { startVideoKbps: 1200, stereo: true }],
  ]);
  expect(completeAnswer(answer, hints)).toBe(
    toSdp(
      section('video', '0', 'recvonly', VIDEO),
      section('audio', '1', 'recvonly', ['a=rtpmap:111 opus/48000/2', `${OPUS[1]};stereo=1`]),
      section('video', '2', 'recvonly', [
        'a=rtpmap:96 VP8/90000',
        'a=fmtp:96 x-google-start-bitrate=1200',
        ...VIDEO.slice(1, 4),
        'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1200',
      ]),
    ),
  );
  const mono = new Map([['1', { startVideoKbps: 1200, stereo: false }]]);
  expect(completeAnswer(answer, mono)).toBe(answer);
});

test('the fingerprint of a description is that of its first certificate', () => {
  expect(readFingerprint(toSdp())).toBe('sha-256 AB:CD');
  expect(readFingerprint('v=0\r\n')).toBeUndefined();
});
