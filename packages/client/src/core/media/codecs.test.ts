import { expect, test } from 'vitest';
import { setStartBitrate } from './codecs.ts';

const SDP = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1',
  '',
].join('\r\n');

test('the start bitrate is put into the format parameters of the video codecs, and nowhere else', () => {
  const lines = setStartBitrate(SDP, 1200).split('\r\n');
  expect(lines).toContain('a=fmtp:96 x-google-start-bitrate=1200');
  expect(lines).toContain('a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1200');
  expect(lines).toContain('a=fmtp:97 apt=96');
  expect(lines).toContain('a=fmtp:111 minptime=10');
  expect(lines).toHaveLength(SDP.split('\r\n').length + 1);
});

test('an answer without video stays as it is', () => {
  expect(setStartBitrate('v=0\r\nm=audio 9 UDP 111\r\n', 1200)).toBe('v=0\r\nm=audio 9 UDP 111\r\n');
});
