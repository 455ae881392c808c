import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOffer } from '../../tests/fixtures.ts';
import { MediaError, type MediaKind, type MediaKinds, type SectionMids } from '../engine.ts';
import { type AcceptedSection, type LocalTransport, writeAnswer } from './answer.ts';
import { writeBindingOffer } from './binding-offer.ts';
import {
  type Plan,
  type PlannedKind,
  Planner,
  type ReceivedKind,
  type SentKind,
  type StreamShape,
} from './negotiate.ts';
import { type Offer, parseOffer } from './offer.ts';
import { MAX_MEDIA_SECTIONS, MAX_SDP_BYTES, parseSessionDescription } from './session-description.ts';

const both = { audio: true, video: true };
const transport: LocalTransport = {
  isIceLite: false,
  iceUfrag: 'ufra',
  icePwd: 'p'.repeat(22),
  fingerprint: 'sha-256 AA',
  setup: 'active',
  candidates: ['1 1 UDP 1 192.0.2.1 5000 typ host'],
};
/** The first section of each kind. */
function findMids({ sections }: Offer): SectionMids {
  const find = (kind: MediaKind): string | undefined => sections.find((section) => section.kind === kind)?.mid;
  const [audio, video] = [find('audio'), find('video')];
  return { ...(audio !== undefined && { audio }), ...(video !== undefined && { video }) };
}

function planPublish(offer: Offer, allowed: MediaKinds = both): Plan<ReceivedKind> {
  return new Planner(offer).planPublish({ stream: 's', mids: findMids(offer), allowed });
}

function planSubscribe(offer: Offer, shape: StreamShape): Plan<SentKind> {
  return new Planner(offer).planSubscribe({ stream: 's', mids: findMids(offer) }, shape);
}

function toSections({ kinds }: Plan<PlannedKind>): Map<number, AcceptedSection> {
  return new Map([...kinds.values()].map(({ index, section }) => [index, section]));
}

function answerTo(offer: Offer, plan: Plan<PlannedKind>): string {
  return writeAnswer(offer, toSections(plan), transport);
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    return error.code;
  }
}

describe('publishing', () => {
  test("Chromium's offer is answered with Opus and its first video codec, VP8 (CONN-1)", () => {
    const offer = parseOffer(readOffer('chromium-publish-vp8'));
    const plan = planPublish(offer);
    expect(
      [...plan.kinds].map(([kind, { codec, transportCcId, nack }]) => [kind, codec.name, transportCcId, nack]),
    ).toEqual([
      ['audio', 'opus', 3, false],
      ['video', 'VP8', 3, true],
    ]);
    const answer = answerTo(offer, plan);
    const [audio = '', video = ''] = answer.split('m=').slice(1);
    expect(answer).toContain('a=group:BUNDLE 0 1\r\n');
    expect(audio).toMatch(/^audio 9 UDP\/TLS\/RTP\/SAVPF 63 111\r\n/);
    expect(video).toMatch(/^video 9 UDP\/TLS\/RTP\/SAVPF 96 97\r\n/);
    expect(video).toContain('a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n');
    expect(video.match(/a=rtcp-fb:.*/g)).toEqual([
      'a=rtcp-fb:96 nack',
      'a=rtcp-fb:96 nack pli',
      'a=rtcp-fb:96 ccm fir',
      'a=rtcp-fb:96 transport-cc',
    ]);
    expect(audio.match(/a=(candidate|end-of).*/g)).toEqual([
      'a=candidate:1 1 UDP 1 192.0.2.1 5000 typ host',
      'a=end-of-candidates',
    ]);
    expect(video).not.toContain('candidate');
    expect(answer.match(/a=extmap/g)).toHaveLength(5);
    expect(answer).not.toMatch(/ulpfec|rid|simulcast/);
  });

  test('an offer that puts H.264 first is answered with packetization mode 1 of it (CONN-1)', () => {
    const plan = planPublish(parseOffer(readOffer('chromium-publish-h264')));
    expect(plan.kinds.get('video')?.codec).toMatchObject({
      name: 'H264',
      payloadType: 102,
      parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
    });
  });

  test("the media's SSRC and that of its retransmissions are taken", () => {
    const sdp = readOffer('chromium-publish-h264');
    const [, ssrc, rtxSsrc] = /FID (\d+) (\d+)/.exec(sdp) ?? [];
    const plan = planPublish(parseOffer(sdp));
    expect(plan.kinds.get('video')?.source).toEqual({ ssrc: Number(ssrc), rtxSsrc: Number(rtxSsrc) });
  });

  test('a kind that is not allowed is answered inactive, on the transport that both share', () => {
    const offer = parseOffer(readOffer('chromium-publish-vp8'));
    const plan = planPublish(offer, { audio: false, video: true });
    expect([...plan.kinds.keys()]).toEqual(['video']);
    const answer = answerTo(offer, plan);
    const [audio = '', video = ''] = answer.split('m=').slice(1);
    expect(audio).toContain('a=inactive\r\n');
    expect(audio).toContain('a=candidate:');
    expect(video).toContain('a=recvonly\r\n');
  });

  test('an offer of nothing that is allowed is refused', () => {
    const offer = parseOffer(readOffer('chromium-publish-vp8'));
    expect(codeOf(() => planPublish(offer, { audio: false, video: false }))).toBe('bad-offer');
    expect(codeOf(() => planPublish(parseOffer(readOffer('chromium-play'))))).toBe('bad-offer');
  });

  test('each item has the section that it names, and a section has one item', () => {
    const sdp = readOffer('chromium-publish-vp8');
    const video = sdp.slice(sdp.indexOf('m=video')).replace('a=mid:1', 'a=mid:2');
    const planner = new Planner(parseOffer(sdp.replace('BUNDLE 0 1', 'BUNDLE 0 1 2') + video));
    const plan = (stream: string, mid: string): Plan<ReceivedKind> =>
      planner.planPublish({ stream, mids: { video: mid }, allowed: both });
    expect(plan('camera', '2').kinds.get('video')).toMatchObject({ mid: '2', index: 2 });
    expect(codeOf(() => plan('again', '2'))).toBe('bad-offer');
    // The copied section announces the same SSRCs, which belong to the first one: its own are learnt.
    expect(plan('screen', '1').kinds.get('video')).toMatchObject({ index: 1, source: undefined });
  });

  test('without BUNDLE only the first section is accepted, since there is one transport', () => {
    const offer = parseOffer(readOffer('chromium-publish-vp8').replace('a=group:BUNDLE 0 1\r\n', ''));
    const plan = planPublish(offer);
    expect([...plan.kinds.keys()]).toEqual(['audio']);
    const answer = answerTo(offer, plan);
    expect(answer).not.toContain('BUNDLE');
    expect(answer).toContain('m=video 0 ');
  });

  test('ICE and DTLS may stand at the session, as Firefox writes its fingerprint', () => {
    const sdp = readOffer('chromium-publish-vp8');
    const [fingerprint = ''] = /a=fingerprint:.*\r\n/.exec(sdp) ?? [];
    const moved = sdp.replaceAll(fingerprint, '').replace('t=0 0\r\n', `t=0 0\r\n${fingerprint}`);
    expect(parseOffer(moved).transport).toEqual(parseOffer(sdp).transport);
  });
});

describe('subscribing', () => {
  const opus = { name: 'opus', clockRate: 48_000, parameters: '' } as const;
  const vp8 = { name: 'VP8', clockRate: 90_000, parameters: '' } as const;
  const h264 = (profile: string): { name: 'H264'; clockRate: number; parameters: string } => ({
    name: 'H264',
    clockRate: 90_000,
    parameters: `packetization-mode=1;profile-level-id=${profile}`,
  });

  test("a viewer gets the stream's codecs under its own payload types", () => {
    const offer = parseOffer(readOffer('chromium-play'));
    const plan = planSubscribe(offer, { audio: opus, video: vp8 });
    expect([...plan.kinds].map(([kind, { codec }]) => [kind, codec.payloadType])).toEqual([
      ['audio', 111],
      ['video', 96],
    ]);
    const answer = answerTo(offer, plan);
    expect(answer.match(/a=sendonly/g)).toHaveLength(2);
  });

  test('the same H.264 profile is preferred, then any (CONN-1)', () => {
    const offer = parseOffer(readOffer('chromium-play'));
    const payloadType = (profile: string): number | undefined =>
      planSubscribe(offer, { video: h264(profile) }).kinds.get('video')?.codec.payloadType;
    expect(payloadType('42001f')).toBe(102);
    expect(payloadType('42e01f')).toBe(108);
    expect(payloadType('4d001f')).toBe(116);
    expect(payloadType('42e034')).toBe(108);
    expect(payloadType('640032')).toBe(108);
  });

  test('a kind that the stream lacks is answered inactive', () => {
    const offer = parseOffer(readOffer('chromium-play'));
    const plan = planSubscribe(offer, { audio: opus });
    expect([...plan.kinds.keys()]).toEqual(['audio']);
    expect(answerTo(offer, plan).split('m=video')[1]).toContain('a=inactive');
  });

  test("a viewer without the stream's codec is refused", () => {
    const sdp = readOffer('chromium-play').replaceAll('VP8/90000', 'VP7/90000');
    expect(codeOf(() => planSubscribe(parseOffer(sdp), { video: vp8 }))).toBe('bad-offer');
  });

  test('a data channel section is refused and the media is taken', () => {
    const offer = parseOffer(readOffer('chromium-gathered'));
    const plan = planSubscribe(offer, { audio: opus, video: vp8 });
    expect(plan.kinds.size).toBe(2);
    expect(answerTo(offer, plan)).toMatch(/m=application 0 /);
  });
});

describe('what reaches the binding', () => {
  test('is one section without a word of the client beyond ICE and DTLS', () => {
    const offer = parseOffer(readOffer('chromium-gathered'));
    const sdp = writeBindingOffer(offer.transport, false);
    expect(sdp.match(/^m=/gm)).toHaveLength(1);
    expect(sdp).not.toMatch(/candidate|extmap|rid|ssrc/);
    expect(sdp).toContain(`a=ice-ufrag:${offer.transport.iceUfrag}`);
  });

  test('has, with a relay of ours, UDP candidates with literal addresses and no others', () => {
    const sdp = readOffer('chromium-gathered').replace(
      /(a=candidate:\d+ 1 udp \d+) 192\.0\.2\.2/,
      '$1 0bd7f0b5-3fd1-4a4f-a1a5-4e9d5bb8f0a2.local',
    );
    const { transport: remote } = parseOffer(sdp);
    expect(remote.candidates.length).toBeGreaterThan(0);
    expect(remote.candidates.every((candidate) => / typ host$/.test(candidate))).toBe(true);
    expect(writeBindingOffer(remote, true)).not.toMatch(/\.local| tcp /);
  });
});

describe('hostile offers', () => {
  const sdp = readOffer('chromium-publish-vp8');
  const bad = (offer: unknown): string | undefined => codeOf(() => planPublish(parseOffer(offer)));

  test('what is no SDP is a bad offer', () => {
    for (const offer of ['', 'v=0', 'garbage', undefined, 7, 'v=0\r\nm=\r\n', 'v=0\r\n\u0000=x'])
      expect(bad(offer)).toBe('bad-offer');
  });

  test('too long an offer, and too many sections, are bad offers', () => {
    expect(bad(`${sdp}a=${'x'.repeat(2_000)}\r\n`.padEnd(MAX_SDP_BYTES + 1, 'a=x\r\n'))).toBe('bad-offer');
    expect(bad(sdp + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(MAX_MEDIA_SECTIONS - 1))).toBe('bad-offer');
  });

  test('ICE credentials, fingerprints and mids are checked character by character', () => {
    expect(bad(sdp.replaceAll(/a=ice-ufrag:.*/g, 'a=ice-ufrag:a b c d'))).toBe('bad-offer');
    expect(bad(sdp.replaceAll(/a=ice-pwd:.*/g, 'a=ice-pwd:short'))).toBe('bad-offer');
    expect(bad(sdp.replaceAll(/a=fingerprint:.*/g, 'a=fingerprint:sha-256 AB:CD'))).toBe('bad-offer');
    expect(bad(sdp.replaceAll('a=fingerprint:sha-256', 'a=fingerprint:md5'))).toBe('bad-offer');
    expect(bad(sdp.replace('a=mid:1', 'a=mid:0'))).toBe('bad-offer');
    expect(bad(sdp.replace('a=mid:1', 'a=mid:"'))).toBe('bad-offer');
    expect(bad(sdp.replaceAll('a=setup:actpass', 'a=setup:holdconn'))).toBe('bad-offer');
  });

  test('a payload type that looks like RTCP is not taken', () => {
    expect(bad(sdp.slice(0, sdp.indexOf('m=video')).replaceAll('111', '72').replace('BUNDLE 0 1', 'BUNDLE 0'))).toBe(
      'bad-offer',
    );
  });

  test('any mutation of a real offer is either taken or a bad offer', () => {
    const lines = sdp.split('\r\n');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(lines.length - 1), fc.oneof(fc.string(), fc.constantFrom(...lines))), {
          maxLength: 8,
        }),
        (mutations) => {
          const mutated = [...lines];
          for (const [index, line] of mutations) mutated[index] = line;
          expect([undefined, 'bad-offer']).toContain(
            codeOf(() => {
              const offer = parseOffer(mutated.join('\r\n'));
              parseSessionDescription(answerTo(offer, planPublish(offer)));
              parseSessionDescription(writeBindingOffer(offer.transport, true));
            }),
          );
        },
      ),
    );
  });
});

test('a kind that is offered without a codec in common is unsupported; one that is not allowed, or not there, is not (MED-8)', () => {
  const publish = readOffer('chromium-publish-vp8');
  const onlyOthers = parseOffer(publish.replaceAll(/(?:VP8|VP9|AV1|H264)\/90000/g, 'VP7/90000'));
  expect(planPublish(onlyOthers)).toMatchObject({ unsupported: ['video'] });
  expect(planPublish(onlyOthers, { audio: true, video: false })).toMatchObject({ unsupported: [] });
  expect(planPublish(parseOffer(publish)).unsupported).toEqual([]);
});

test("a stream's kind that the viewer asks for without its codec is unsupported (MED-8)", () => {
  const opus = { name: 'opus', clockRate: 48_000, parameters: '' } as const;
  const h264 = { name: 'H264', clockRate: 90_000, parameters: 'packetization-mode=1' } as const;
  const offer = parseOffer(readOffer('chromium-play').replaceAll('H264/90000', 'VP7/90000'));
  expect(planSubscribe(offer, { audio: opus, video: h264 })).toMatchObject({ unsupported: ['video'] });
  expect(planSubscribe(offer, { audio: opus }).unsupported).toEqual([]);
});
