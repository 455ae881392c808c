/**
 * The messages between the engine and its worker processes.
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
}

/** The result of a publish in a worker. */
export interface PublishResult extends MediaAnswer {
  /** Stored by the engine, so that after a worker's death, players can reconnect before the publisher does. */
  readonly shape: StreamShape;
}

/** The data from which a stream is recreated after its worker's death. */
export interface StreamRevival {
  readonly group: string;
  readonly shape: StreamShape;
  readonly blocked: MediaKinds;
}

/** A worker's part of a dump. */
export interface WorkerDump {
  /** Undefined for a worker that does not answer. */
  readonly transport?: TransportDump;
  readonly streams: readonly StreamDump[];
  readonly closed: readonly ClosedDump[];
}

/** The methods of a worker, with parameters and result. */
export interface WorkerMethods {
  configure: { params: WorkerConfig; result: undefined };
  /** `blocked` is the latest value of `restrict`. */
  publish: { params: PublishRequest & { readonly blocked: MediaKinds }; result: PublishResult };
  /** `revive` is used to create the stream if the worker has none of that name. */
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

/** A notification from a worker. */
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
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly detail: string;
    };
