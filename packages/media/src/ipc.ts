/**
 * What the engine and its worker processes say to each other.
 *
 * @module
 */

import type {
  ClosedDump,
  MediaAnswer,
  MediaErrorCode,
  MediaKinds,
  MediaLossCause,
  PlayRequest,
  PublishRequest,
  StreamDump,
} from './engine.ts';
import type { StreamShape } from './sdp/negotiate.ts';

/** A STUN or TURN server, as the binding takes it. */
export type IceServerConfig =
  | string
  | {
      readonly hostname: string;
      readonly port: number;
      readonly username?: string;
      readonly password?: string;
      readonly relayType?: 'TurnUdp' | 'TurnTcp' | 'TurnTls';
    };

/** What a worker is told when it starts. */
export interface WorkerConfig {
  readonly worker: number;
  /** The first UDP port of this worker, and the last. */
  readonly portMin: number;
  readonly portMax: number;
  /** Whether all peer connections share the first port; else each has one of its own out of the range. */
  readonly isMultiplexed: boolean;
  readonly listenAddress: string | undefined;
  readonly announcedAddress: string | undefined;
  readonly iceServers: readonly IceServerConfig[];
}

/** What a publish comes to in a worker. */
export interface PublishResult extends MediaAnswer {
  /** Kept by the engine, so that players can come back before the publisher when a worker has died. */
  readonly shape: StreamShape;
}

/** What a stream is made of again where its worker has died. */
export interface StreamRevival {
  readonly group: string;
  readonly shape: StreamShape;
  readonly blocked: MediaKinds;
}

/** What a worker's part of a dump holds. */
export interface WorkerDump {
  readonly streams: readonly StreamDump[];
  readonly closed: readonly ClosedDump[];
}

/** The calls that a worker takes: parameters and result by method. */
export interface WorkerMethods {
  configure: { params: WorkerConfig; result: undefined };
  /** `blocked` is what `restrict` said last. */
  publish: { params: PublishRequest & { readonly blocked: MediaKinds }; result: PublishResult };
  /** `revive` makes the stream when the worker has none of that name. */
  play: {
    params: PlayRequest & { readonly revive: StreamRevival };
    result: MediaAnswer;
  };
  closeStream: { params: { readonly stream: string }; result: undefined };
  closePlayer: { params: { readonly player: string }; result: undefined };
  restrict: { params: { readonly stream: string; readonly blocked: MediaKinds }; result: undefined };
  dump: { params: undefined; result: WorkerDump };
  ping: { params: undefined; result: undefined };
}

/** A method of a worker. */
export type WorkerMethod = keyof WorkerMethods;

/** One call, as it travels. */
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

/** What a worker tells without being asked. */
export type WorkerNotice =
  | { readonly type: 'stream-connected'; readonly stream: string }
  | { readonly type: 'player-connected'; readonly player: string; readonly stream: string }
  | { readonly type: 'stream-lost'; readonly stream: string; readonly cause: MediaLossCause }
  | {
      readonly type: 'player-lost';
      readonly player: string;
      readonly stream: string;
      readonly cause: MediaLossCause;
    }
  | { readonly type: 'log'; readonly level: 'warn' | 'error'; readonly message: string; readonly detail: string };
