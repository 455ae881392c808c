/**
 * The messages between the engine and its worker processes.
 *
 * @module
 */

import type {
  ClosedDump,
  MediaErrorCode,
  MediaKinds,
  MediaLossCause,
  NegotiateAnswer,
  NegotiateRequest,
  PacketTotals,
  PeerDump,
  ProbeCounts,
  PublishItem,
  SoundLevel,
  StreamDump,
  SubscribeItem,
  SubscriptionPreferences,
  TransportDump,
  TransportKind,
} from './engine.ts';
import type { StreamShape } from './sdp/negotiate.ts';

/** A STUN or TURN server, in the format of the native binding. */
export type IceServerConfig =
  | string
  | {
      readonly hostname: string;
      readonly port: number;
      readonly username?: string;
      readonly password?: string;
      readonly relayType?: 'TurnUdp' | 'TurnTcp' | 'TurnTls';
    };

/** Which transport to use; `auto` is our own where it passes its self-test, else the native binding. */
export type TransportChoice = TransportKind | 'auto';

/** The configuration that a worker gets when it starts. */
export interface WorkerConfig {
  readonly worker: number;
  /** The first UDP port of this worker, and the last. */
  readonly portMin: number;
  readonly portMax: number;
  /** Whether all peer connections share the first port; otherwise each one has its own port from the range. */
  readonly isMultiplexed: boolean;
  /** The TCP port of this worker, 0 for any; undefined for none. libdatachannel ignores it. */
  readonly tcpPort: number | undefined;
  readonly listenAddress: string | undefined;
  readonly announcedAddress: string | undefined;
  readonly iceServers: readonly IceServerConfig[];
  readonly transport: TransportChoice;
  /** The most that a viewer's network is estimated to take, in bits per second. */
  readonly maxViewerBps: number;
  /** The folder of the sockets over which workers pipe tracks to each other; undefined for a single worker. */
  readonly pipeFolder?: string;
}

/** A published stream, with what the engine knows of it. */
export interface WorkerPublishItem extends PublishItem {
  /** The latest value of `restrict`. */
  readonly blocked: MediaKinds;
}

/** The data from which a stream is recreated after its worker's death. */
export interface StreamRevival {
  readonly shape: StreamShape;
  readonly blocked: MediaKinds;
}

/** A subscription, with what the engine knows of its stream. */
export interface WorkerSubscribeItem extends SubscribeItem {
  /** Creates the stream if the worker has none of that name; undefined if it has never been published. */
  readonly revive?: StreamRevival;
}

/** An offer, with what the engine knows of the peer. */
export interface WorkerNegotiateRequest extends NegotiateRequest {
  readonly publish: readonly WorkerPublishItem[];
  readonly subscribe: readonly WorkerSubscribeItem[];
  /** The streams that the peer published before. The worker has forgotten those of a lost peer. */
  readonly published: readonly string[];
}

/** The answer to an offer, with what the engine stores. */
export interface WorkerNegotiateAnswer extends NegotiateAnswer {
  /** Of the published streams, in the order of the request; undefined for a refused one. */
  readonly shapes: readonly (StreamShape | undefined)[];
}

/** A stream whose packets come from another worker (PIPE-1). */
export interface PipedStream extends StreamRevival {
  readonly stream: string;
  readonly group: string;
  /** The number of the pipe, unique in the engine. */
  readonly pipe: number;
  /** The worker of the publisher. */
  readonly from: number;
}

/** What another worker is sent of a stream's video. */
export interface PipeLimit {
  readonly stream: string;
  /** The worker of the subscribers. */
  readonly to: number;
  /** The highest layer that is taken there; -1 for none. */
  readonly highestLayer: number;
}

/** A stream of a worker. */
export interface WorkerStreamDump extends StreamDump {
  /** Its packets come from another worker, which dumps the stream too. */
  readonly isPiped?: true;
}

/** A worker's part of a dump. */
export interface WorkerDump {
  /** Undefined for a worker that does not answer. */
  readonly transport?: TransportDump;
  /** Undefined for a worker that does not answer. */
  readonly totals?: PacketTotals;
  /** Undefined for a worker without pipes. */
  readonly droppedPipeFrames?: number;
  readonly probes?: ProbeCounts;
  readonly peers: readonly PeerDump[];
  readonly streams: readonly WorkerStreamDump[];
  readonly closed: readonly ClosedDump[];
}

/** The methods of a worker, with parameters and result. */
export interface WorkerMethods {
  configure: { params: WorkerConfig; result: undefined };
  negotiate: { params: WorkerNegotiateRequest; result: WorkerNegotiateAnswer };
  /** `streams` are those that it publishes; the worker has forgotten those of a lost peer. */
  closePeer: { params: { readonly peer: string; readonly streams: readonly string[] }; result: undefined };
  closeStream: { params: { readonly stream: string }; result: undefined };
  unsubscribe: { params: { readonly peer: string; readonly stream: string }; result: undefined };
  restrict: { params: { readonly stream: string; readonly blocked: MediaKinds }; result: undefined };
  preferVideo: {
    params: { readonly peer: string; readonly stream: string; readonly preferences: SubscriptionPreferences };
    result: undefined;
  };
  /** Begins to send the packets of a stream to another worker, in the place of an earlier pipe to it. */
  openPipe: { params: PipeLimit & { readonly pipe: number }; result: undefined };
  limitPipe: { params: PipeLimit; result: undefined };
  closePipe: { params: { readonly stream: string; readonly to: number }; result: undefined };
  /** Gets the packets of a stream from another worker from now on; its subscriptions stay. */
  acceptPipe: { params: PipedStream; result: undefined };
  /** The process ends itself at this moment of the system's monotonic clock, in milliseconds; undefined: no more. */
  endAt: { params: { readonly monotonicMs: number | undefined }; result: undefined };
  dump: { params: undefined; result: WorkerDump };
  /** Returns the CPU time of the process, in milliseconds. */
  ping: { params: undefined; result: number };
}

/** A method of a worker. */
export type WorkerMethod = keyof WorkerMethods;

/** One call, as it is sent over IPC. */
export type WorkerCall = {
  [M in WorkerMethod]: { readonly id: number; readonly method: M; readonly params: WorkerMethods[M]['params'] };
}[WorkerMethod];

/** What a worker sends. */
export type WorkerMessage =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly type: 'error';
      readonly id: number;
      /** Undefined for an unexpected error. */
      readonly code: MediaErrorCode | undefined;
      readonly message: string;
    }
  | WorkerNotice;

/** What the subscribers at a worker take of a stream's video. */
export interface LayerReport {
  readonly stream: string;
  /** -1: nobody takes video. */
  readonly highestLayer: number;
  /** What the only subscriber can take; undefined: no limit. */
  readonly maxBps: number | undefined;
}

/** A notification from a worker. */
export type WorkerNotice =
  | { readonly type: 'peer-connected'; readonly peer: string }
  | { readonly type: 'peer-lost'; readonly peer: string; readonly cause: MediaLossCause }
  | { readonly type: 'stream-connected'; readonly stream: string; readonly peer: string }
  | { readonly type: 'subscription-lost'; readonly peer: string; readonly stream: string }
  | { readonly type: 'demand'; readonly reports: readonly LayerReport[] }
  | { readonly type: 'video-paused'; readonly peer: string; readonly stream: string; readonly isPaused: boolean }
  | { readonly type: 'sound-levels'; readonly levels: readonly SoundLevel[] }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly detail: string;
    };
