/**
 * A publisher of three layers without a browser.
 *
 * @module
 */

import type { MediaEngine } from '../src/index.ts';
import { parseRtcp } from '../src/rtp/rtcp.ts';
import { REPAIRED_RID_URI, RID_URI } from '../src/sdp/simulcast.ts';
import { MID_ID } from './offer-builder.ts';
import { createVideoSection, SyntheticPeer } from './synthetic-peer.ts';

/** The id of the rid's header extension. */
export const RID_ID = 10;
/** From the lowest layer. */
export const RIDS = ['low', 'medium', 'high'];
/** The height of each layer, as its keyframes name it. */
export const HEIGHTS = [180, 360, 720];

const REPAIRED_RID_ID = 11;
const SSRCS = [5_001, 5_002, 5_003];
const SIMULCAST_LINES = [
  `extmap:${RID_ID} ${RID_URI}`,
  `extmap:${REPAIRED_RID_ID} ${REPAIRED_RID_URI}`,
  ...RIDS.map((rid) => `rid:${rid} send`),
  `simulcast:send ${RIDS.join(';')}`,
].map((line) => `a=${line}`);

/** Bytes of the payload descriptor and of the tag of a frame, before the rid. */
const TEXT_OFFSET = 7;
/** Bytes of the rid's place in a payload. */
const TEXT_BYTES = 9;

/** Sends VP8; the SSRCs are not announced, as in browsers. */
export class LayeredPublisher {
  readonly peer: SyntheticPeer;
  readonly #mid: string;
  readonly #sequences = [100, 200, 300];
  readonly #pictureIds = [1, 5_000, 9_000];

  private constructor(peer: SyntheticPeer, mid: string) {
    this.peer = peer;
    this.#mid = mid;
  }

  /** Publishes a stream, and waits until it is connected. */
  static async start(engine: MediaEngine, stream: string): Promise<LayeredPublisher> {
    const peer = new SyntheticPeer(engine, `publisher of ${stream}`);
    const section = createVideoSection('sendonly', { lines: SIMULCAST_LINES });
    peer.addPublication({ stream, sections: [section] });
    await peer.negotiate();
    await peer.opened();
    return new LayeredPublisher(peer, section.mid);
  }

  /** Sends one frame of one packet in a layer, with at least so many bytes of payload. */
  send(layer: number, isKeyframe: boolean, bytes = 0): void {
    const sequence = this.#next(this.#sequences, layer);
    const pictureId = this.#next(this.#pictureIds, layer);
    const descriptor = [0x90, 0xe0, 0x80 | (pictureId >> 8), pictureId & 0xff, 1, 0];
    const text = Buffer.from((RIDS[layer] ?? '').padEnd(TEXT_BYTES));
    const frame = isKeyframe ? createKeyframe(HEIGHTS[layer] ?? 0) : Buffer.from([0x11]);
    const filler = Buffer.alloc(Math.max(0, bytes - descriptor.length - frame.length - text.length));
    const payload = Buffer.concat([Buffer.from(descriptor), frame, text, filler]);
    const extensions = [
      [MID_ID, Buffer.from(this.#mid)],
      [RID_ID, Buffer.from(RIDS[layer] ?? '')],
    ] as const;
    const timestamp = sequence * 3_000;
    this.peer.sendRtp({ sequence, timestamp, marker: true, ssrc: SSRCS[layer] ?? 0, payload, extensions });
  }

  /** Sends one picture in all layers. */
  sendAll(isKeyframe: boolean): void {
    for (const layer of RIDS.keys()) this.send(layer, isKeyframe);
  }

  /** The layers for which keyframes were requested. */
  get requestedLayers(): number[] {
    const items = this.peer.rtcp.flatMap((packet) => parseRtcp(packet));
    return items.flatMap((item) => (item.type === 'keyframe-request' ? SSRCS.indexOf(item.ssrc) : []));
  }

  #next(numbers: number[], layer: number): number {
    const next = (numbers[layer] ?? 0) + 1;
    numbers[layer] = next;
    return next;
  }
}

/** Returns the layer of a payload; -1 for another packet. */
export function readLayer(payload: Buffer): number {
  if (payload.length < TEXT_OFFSET + TEXT_BYTES) return -1;
  const isKeyframe = ((payload[TEXT_OFFSET - 1] as number) & 1) === 0;
  const offset = isKeyframe ? TEXT_OFFSET - 1 + KEYFRAME_BYTES : TEXT_OFFSET;
  return RIDS.indexOf(payload.toString('latin1', offset, offset + TEXT_BYTES).trimEnd());
}

const KEYFRAME_BYTES = 10;

/** The header of a VP8 keyframe (RFC 6386, 9.1). */
function createKeyframe(height: number): Buffer {
  const frame = Buffer.from([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0]);
  frame.writeUInt16LE(Math.round((height * 16) / 9), 6);
  frame.writeUInt16LE(height, 8);
  return frame;
}
