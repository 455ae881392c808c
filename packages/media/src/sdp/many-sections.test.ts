import { expect, test } from 'vitest';
import { createStaticTransport, type SectionFields, writeOffer } from '../../tests/offer-builder.ts';
import { type AcceptedSection, type LocalTransport, writeAnswer } from './answer.ts';
import { listSources, MEDIA_KINDS } from './codecs.ts';
import { Planner } from './negotiate.ts';
import { parseOffer } from './offer.ts';
import { MAX_MEDIA_SECTIONS } from './session-description.ts';

const transport: LocalTransport = { ...createStaticTransport('AA'), isIceLite: true, setup: 'passive', candidates: [] };
const both = { audio: true, video: true };

function createSections(count: number): SectionFields[] {
  return Array.from({ length: count }, (_, index) => ({
    mid: `${index}`,
    kind: MEDIA_KINDS[index % 2] ?? 'audio',
    direction: 'sendonly',
    ssrcs: [1_000 + index],
  }));
}

test('an offer of 200 sections is parsed, planned by mid, and answered for every section (CONN-1)', () => {
  const offer = parseOffer(writeOffer(createSections(200)));
  const planner = new Planner(offer);
  const sections = new Map<number, AcceptedSection>();
  for (let index = 0; index < 180; index += 2) {
    const mids = { audio: `${index}`, video: `${index + 1}` };
    const { kinds } = planner.planPublish({ stream: `s${index}`, mids, allowed: both });
    for (const { index: at, section, mid } of kinds.values()) {
      expect(mid).toBe(`${at}`);
      sections.set(at, section);
    }
  }
  const answered = writeAnswer(offer, sections, transport, 7).split('\r\nm=').slice(1);
  expect(answered).toHaveLength(200);
  expect(answered.filter((section) => section.includes('a=recvonly'))).toHaveLength(180);
  expect(answered.filter((section) => section.includes('a=inactive'))).toHaveLength(20);
});

test(`${MAX_MEDIA_SECTIONS} sections are accepted, one more is a bad offer`, () => {
  expect(parseOffer(writeOffer(createSections(MAX_MEDIA_SECTIONS))).sections).toHaveLength(MAX_MEDIA_SECTIONS);
  expect(() => parseOffer(writeOffer(createSections(MAX_MEDIA_SECTIONS + 1)))).toThrow('media sections');
});

test('the first section may have been stopped: the transport is that of the first usable one', () => {
  const [stopped, ...rest] = createSections(3);
  const sdp = writeOffer([{ ...(stopped as SectionFields), port: 0 }, ...rest]);
  const answer = writeAnswer(parseOffer(sdp), new Map(), transport);
  expect(answer).toContain('a=group:BUNDLE 1 2\r\n');
  expect(answer.split('\r\nm=').map((section) => section.slice(0, 7))).toEqual([
    'v=0\r\no=',
    'audio 0',
    'video 9',
    'audio 9',
  ]);
});

test('an answer announces the SSRCs of the media and of its retransmissions, which a parser finds as they were', () => {
  const offer = parseOffer(writeOffer([{ mid: '0', kind: 'video', direction: 'recvonly', rtxPayloadType: 97 }]));
  const vp8 = { name: 'VP8', clockRate: 90_000, parameters: '' } as const;
  const { kinds } = new Planner(offer).planSubscribe({ stream: 's', mids: { video: '0' } }, { video: vp8 });
  const planned = kinds.get('video')?.section as AcceptedSection;
  const source = { ssrc: 11, rtxSsrc: 12, cname: 'c', msid: 'm', trackId: 't' };
  const sections = new Map([[0, { ...planned, rtxPayloadType: 97, source }]]);
  const answer = writeAnswer(offer, sections, transport);
  expect(answer).toContain('m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n');
  const [section] = parseOffer(answer).sections;
  expect(section && listSources(section.raw)).toEqual([{ ssrc: 11, rtxSsrc: 12 }]);
});

test('extension ids that the wire format reserves are not used', () => {
  const section: SectionFields = { mid: '0', kind: 'video', direction: 'sendonly' };
  const sdp = (id: number): string => writeOffer([section]).replaceAll(/a=extmap:\d+/g, `a=extmap:${id}`);
  for (const id of [0, 15, 256]) {
    const { kinds } = new Planner(parseOffer(sdp(id))).planPublish({
      stream: 's',
      mids: { video: '0' },
      allowed: both,
    });
    expect(kinds.get('video')).toMatchObject({ transportCcId: undefined, midId: undefined });
  }
});

test('retransmissions of nothing, of themselves or of another codec are not negotiated', () => {
  for (const parameters of ['apt=95', 'apt=97', 'apt=', 'rtx-time=3000']) {
    const sdp = writeOffer([{ mid: '0', kind: 'video', direction: 'sendonly', rtxPayloadType: 97 }]);
    const offer = parseOffer(sdp.replace('apt=96', parameters));
    const { kinds } = new Planner(offer).planPublish({ stream: 's', mids: { video: '0' }, allowed: both });
    expect(kinds.get('video')?.rtxPayloadType).toBeUndefined();
  }
});

test('an SSRC that a section before has announced is not announced again', () => {
  const sections = createSections(4).map((section) => ({ ...section, kind: 'video', ssrcs: [1, 1] }) as const);
  const planner = new Planner(parseOffer(writeOffer(sections)));
  const sources = sections.map(({ mid }) => {
    const { kinds } = planner.planPublish({ stream: mid, mids: { video: mid }, allowed: both });
    return kinds.get('video')?.source;
  });
  expect(sources.filter((source) => source !== undefined).length).toBeLessThanOrEqual(1);
});
