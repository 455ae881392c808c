import { expect, test } from 'vitest';
import { selectReceived } from './codecs.ts';

const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({
  mimeType,
  clockRate: 90_000,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
});

test('a playback offers what the server forwards, in the order of the browser, and nothing else (CONN-1)', () => {
  const offered = [
    codec('video/VP8'),
    codec('video/rtx'),
    codec('video/VP9', 'profile-id=0'),
    codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f'),
    codec('video/AV1', 'level-idx=5;profile=0;tier=0'),
  ];
  const others = [
    codec('video/VP9', 'profile-id=2'),
    codec('video/AV1', 'level-idx=5;profile=1;tier=0'),
    codec('video/red'),
    codec('video/ulpfec'),
    codec('video/flexfec-03', 'repair-window=10000000'),
  ];
  expect(selectReceived([...offered, ...others])).toEqual(offered);
  expect(selectReceived([codec('audio/opus'), codec('audio/red'), codec('audio/PCMU'), codec('audio/CN')])).toEqual([
    codec('audio/opus'),
    codec('audio/red'),
  ]);
});
