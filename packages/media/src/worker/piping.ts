/**
 * The pipes of a worker: packets of its streams to other workers, and packets of their streams from them (PIPE-1).
 *
 * @module
 */

import { AUDIO_LAYER, FRAME, type PipeFrame } from '../pipe/pipe-frame.ts';
import { PipeHub } from '../pipe/pipe-hub.ts';
import { parseRtcp } from '../rtp/rtcp.ts';
import type { MediaKind } from '../sdp/codecs.ts';
import type { PipeDemand } from './pipe-demand.ts';
import type { Stream } from './stream.ts';
import { TrackPipe } from './track-pipe.ts';

const EMPTY = Buffer.alloc(0);

/** Passes frames between the pipes and the streams. */
export class Piping {
  readonly #hub: PipeHub;
  readonly #now: () => number;
  /** By the number of the pipe. */
  readonly #incoming = new Map<number, { readonly stream: Stream; readonly from: number }>();
  readonly #outgoing = new Map<number, Stream>();

  constructor(folder: string, worker: number, now: () => number, reportError: (where: string, error: unknown) => void) {
    this.#now = now;
    this.#hub = new PipeHub(folder, worker, {
      handleFrame: (from, frame) => {
        try {
          this.#handleFrame(from, frame);
        } catch (error) {
          reportError('a pipe', error);
        }
      },
      reportError,
    });
  }

  /** Frames to other workers that were dropped, because those do not read fast enough. */
  get droppedFrames(): number {
    return this.#hub.droppedFrames;
  }

  /** Accepts packets of other workers. */
  listen(): Promise<void> {
    return this.#hub.listen();
  }

  /** Opens the sending end of a pipe; the result makes the end of each kind. */
  openOutgoing(stream: Stream, pipe: number, to: number, demand: PipeDemand): (kind: MediaKind) => TrackPipe {
    this.#outgoing.set(pipe, stream);
    return (kind) => new TrackPipe(kind, demand, (type, layer, bytes) => this.#hub.send(to, type, pipe, layer, bytes));
  }

  closeOutgoing(pipe: number): void {
    this.#outgoing.delete(pipe);
  }

  /** Opens the receiving end of a pipe; the result requests a keyframe of a layer from the publisher's worker. */
  openIncoming(stream: Stream, pipe: number, from: number): (layer: number) => boolean {
    this.#incoming.set(pipe, { stream, from });
    return (layer) => this.#hub.send(from, FRAME.keyframeRequest, pipe, layer, EMPTY);
  }

  /** After this returns, packets of the pipe that still arrive are dropped. */
  closeIncoming(pipe: number): void {
    this.#incoming.delete(pipe);
  }

  #handleFrame(from: number, { type, pipe, layer, bytes }: PipeFrame): void {
    const nowMs = this.#now();
    if (type === FRAME.keyframeRequest) {
      this.#outgoing.get(pipe)?.tracks.get('video')?.requestKeyframe(nowMs, layer);
      return;
    }
    const incoming = this.#incoming.get(pipe);
    if (incoming?.from !== from) return;
    const kind = layer === AUDIO_LAYER ? 'audio' : 'video';
    const index = layer === AUDIO_LAYER ? 0 : layer;
    const target = incoming.stream.tracks.get(kind)?.layers[index];
    if (type === FRAME.rtp) target?.receivePiped(bytes, nowMs);
    else if (type === FRAME.resumed) target?.handlePipeResumed();
    if (type !== FRAME.senderReport) return;
    for (const item of parseRtcp(bytes)) if (item.type === 'sender-report') target?.handleSenderReport(item, nowMs);
  }
}
