import { describe, expect, test } from 'vitest';
import { parseSessionDescription } from './session-description.ts';
import { listSendRids } from './simulcast.ts';

function list(...lines: string[]): string[] {
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    ...lines.map((line) => `a=${line}`),
    '',
  ];
  const [section] = parseSessionDescription(sdp.join('\r\n')).sections;
  if (section === undefined) throw new Error('no section');
  return listSendRids(section);
}

const RIDS = ['rid:l send', 'rid:m send', 'rid:h send'];

describe('listSendRids', () => {
  test('lists the encodings in the order of the offer', () => {
    expect(list(...RIDS, 'simulcast:send l;m;h')).toEqual(['l', 'm', 'h']);
  });

  test('reads paused encodings, alternatives, restrictions, and a receiving direction', () => {
    expect(list('rid:a send max-width=640', 'rid:b send', 'rid:c send', 'simulcast:recv x send ~a;b,c')).toEqual([
      'a',
      'b',
    ]);
  });

  test('rids without simulcast, and simulcast without rids, are no layers', () => {
    expect(list(...RIDS)).toEqual([]);
    expect(list('simulcast:send l;m;h')).toEqual([]);
    expect(list('rid:l recv', 'rid:m recv', 'simulcast:send l;m')).toEqual([]);
  });

  test('one encoding is no simulcast, and a repeated rid is one', () => {
    expect(list(...RIDS, 'simulcast:send l')).toEqual([]);
    expect(list(...RIDS, 'simulcast:send l;l')).toEqual([]);
  });

  test('a fourth encoding is refused', () => {
    expect(list(...RIDS, 'rid:x send', 'simulcast:send l;m;h;x')).toEqual(['l', 'm', 'h']);
  });
});
