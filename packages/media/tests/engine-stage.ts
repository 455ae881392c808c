/**
 * What the tests of a media engine share, whatever transport its workers use.
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { EngineDump, StreamDump, SubscriptionDump, TransportKind } from '../src/engine.ts';
import { createMediaEngine, type MediaEngine } from '../src/index.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { DEFAULT_SSRC, readVp8Text, SyntheticPeer, waitFor } from './synthetic-peer.ts';

/** Starting a worker takes seconds on a busy machine. */
const START_TIMEOUT_MS = 30_000;

const header = new RtpHeader();

/** One engine for all tests of a suite, and the peers of the running test. */
export class EngineStage {
  readonly engine: MediaEngine;
  readonly #peers: SyntheticPeer[] = [];

  constructor(engine: MediaEngine) {
    this.engine = engine;
  }

  /** Whether the running test has no peers yet. */
  get isEmpty(): boolean {
    return this.#peers.length === 0;
  }

  /** Closes a peer when the test has ended. */
  add(peer: SyntheticPeer): SyntheticPeer {
    this.#peers.push(peer);
    return peer;
  }

  /** Opens a peer with what `prepare` lists. */
  async open(name: string, prepare: (peer: SyntheticPeer) => void): Promise<SyntheticPeer> {
    const peer = this.add(new SyntheticPeer(this.engine, name));
    prepare(peer);
    await peer.negotiate();
    await peer.opened();
    await this.waitUntilConnected(peer);
    return peer;
  }

  /** Waits until the engine's side of a peer is connected: the client's may be open a moment before. */
  async waitUntilConnected({ name }: SyntheticPeer): Promise<void> {
    await waitFor(async () =>
      (await this.engine.dump()).peers.some(({ peer, state }) => peer === name && state === 'connected'),
    );
  }

  /** Returns what the engine has of a stream. */
  async findStream(stream: string): Promise<StreamDump | undefined> {
    return (await this.engine.dump()).streams.find((entry) => entry.stream === stream);
  }

  /** Returns what the engine has of a peer's subscription. */
  async findSubscription({ name }: SyntheticPeer, stream: string): Promise<SubscriptionDump | undefined> {
    return (await this.findStream(stream))?.subscriptions.find(({ peer }) => peer === name);
  }

  /** Closes the peers of the test. */
  async closePeers(): Promise<void> {
    for (const peer of this.#peers.splice(0)) {
      peer.close();
      await this.engine.closePeer(peer.name);
    }
  }
}

/**
 * Starts an engine before the tests of a suite, and closes it after them.
 *
 * @param check called after each test, when its peers are closed
 */
export function useEngine(transport: TransportKind, check: (dump: EngineDump) => void = () => undefined): EngineStage {
  const stage = new EngineStage(createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' }));
  beforeAll(() => stage.engine.start(), START_TIMEOUT_MS);
  afterEach(async () => {
    await stage.closePeers();
    check(await stage.engine.dump());
  });
  afterAll(() => stage.engine.close());
  return stage;
}

/** Expects that no packet was refused by the transport: each was encrypted and sent. */
export function expectAllSent({ workers }: EngineDump): void {
  for (const { transport } of workers) expect(transport?.datagrams?.unsent ?? 0).toBe(0);
}

/** Sends whole frames with ascending sequence numbers. */
export function sendFrames(peer: SyntheticPeer, from: number, count: number, ssrc = DEFAULT_SSRC): void {
  for (let sequence = from; sequence < from + count; sequence += 1) {
    peer.sendRtp({ sequence, timestamp: sequence * 3_000, marker: true, ssrc });
  }
}

/** The texts of the packets that a peer has received. */
export function readTexts({ rtp }: SyntheticPeer): string[] {
  return rtp.map((packet) => (header.read(packet) ? readVp8Text(packet.subarray(header.payloadOffset)) : ''));
}

/** The sequence numbers of the packets that a peer has received, relative to the first one. */
export function readSequences({ rtp }: SyntheticPeer): number[] {
  const numbers = rtp.map((packet) => packet.readUInt16BE(2));
  return numbers.map((sequence) => (sequence - (numbers[0] ?? 0)) & 0xffff);
}
