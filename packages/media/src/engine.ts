/**
 * The one interface behind which media is forwarded. The server knows nothing of WebRTC below it.
 *
 * An engine forwards **streams** (one publisher each) to **players**. Both are named by the caller; every stream
 * belongs to a **group** (a room), and all streams of a group are kept on one worker.
 *
 * @module
 */

/** A kind of media. */
export type MediaKind = 'audio' | 'video';

/** Which kinds of media a peer connection carries. */
export interface MediaKinds {
  readonly audio: boolean;
  readonly video: boolean;
}

/** Starts, or re-negotiates, the one publisher of a stream. */
export interface PublishRequest {
  /** Keeps the streams of one room on one worker. */
  readonly group: string;
  /** Names the stream over all groups. Publishing a name again replaces its peer connection; its players stay. */
  readonly stream: string;
  /** The publisher's SDP offer (sendonly or sendrecv sections). Untrusted. */
  readonly offer: string;
  /** Kinds the publisher may send; the others are refused in the answer. */
  readonly allowed: MediaKinds;
}

/** Starts, or re-negotiates, one player of a stream. */
export interface PlayRequest {
  readonly stream: string;
  /** Names the player over all streams. Playing a name again replaces its peer connection. */
  readonly player: string;
  /** The player's SDP offer (recvonly sections). Untrusted. */
  readonly offer: string;
}

/** What the engine answers to an offer. */
export interface MediaAnswer {
  /** The complete SDP answer, candidates included. */
  readonly answer: string;
  /** The kinds that were agreed on. */
  readonly kinds: MediaKinds;
  /**
   * Kinds that the offer asked for and that are refused because there is no codec in common (MED-8): of a publisher, of
   * those it may send; of a player, of those the stream has. Absent where there are none.
   */
  readonly unsupported?: readonly MediaKind[];
}

/** Counters of one publisher or player since it began; they only rise. */
export interface TransportCounters {
  /** RTP packets received from the publisher, or sent to the player (retransmissions included). */
  readonly packets: number;
  /** RTP bytes of those packets. */
  readonly bytes: number;
  /** Packets found missing (publisher), or asked for again by the player. */
  readonly lost: number;
  /** Packets received late after our NACK (publisher), or sent again (player). */
  readonly retransmitted: number;
  /** Picture loss indications sent to the publisher, or received from the player. */
  readonly keyframeRequests: number;
  /** Milliseconds since the Unix epoch (fractional) of the last RTP packet; 0 when there was none. */
  readonly lastPacketAtMs: number;
}

/** The state of a stream, as `dump` shows it. */
export interface StreamDump {
  readonly stream: string;
  readonly group: string;
  readonly worker: number;
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly codecs: readonly string[];
  readonly publisher: TransportCounters;
  /** RTP packets of this stream handed to any player. */
  readonly forwardedPackets: number;
  readonly players: readonly PlayerDump[];
}

/** The state of a player, as `dump` shows it. */
export interface PlayerDump {
  readonly player: string;
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly counters: TransportCounters;
}

/** What `closeStream` and `closePlayer` leave behind: the last counters, and what the wire still brought afterwards. */
export interface ClosedDump {
  readonly kind: 'publisher' | 'player';
  readonly stream: string;
  /** Set for a player. */
  readonly player?: string;
  readonly closedAtMs: number;
  readonly counters: TransportCounters;
  /**
   * RTP packets that reached the forwarding code from this publisher, or were to be handed to this player's transport,
   * after it was closed. Counted behind the gates that keep them out: anything but 0 is a fault (KICK-4).
   */
  readonly packetsAfterClose: number;
  /**
   * Packets that the transport still delivered from this peer after it was closed, and that were dropped at the first
   * gate. What a hostile publisher goes on sending is mostly dropped before it even counts here.
   */
  readonly arrivedAfterClose: number;
}

/** Whether a worker takes calls. */
export interface WorkerHealth {
  readonly worker: number;
  /** The first UDP port of the worker. */
  readonly port: number;
  /** Whether the process runs and has its port. */
  readonly isReady: boolean;
  /** Why the worker keeps dying: set while it has died at least three times within the last 30 s. */
  readonly problem?: string;
}

/** Everything the engine holds. */
export interface EngineDump {
  readonly workers: readonly {
    readonly worker: number;
    readonly pid: number | undefined;
    readonly port: number;
    readonly restarts: number;
  }[];
  readonly streams: readonly StreamDump[];
  /** The last closed peers (at most 1,000), oldest first. */
  readonly closed: readonly ClosedDump[];
}

/** Events of an engine, as argument tuples. */
export interface MediaEngineEvents {
  /** A publisher's transport is up for the first time after a publish; never before the publish is answered. */
  streamConnected: [stream: string];
  /** A player's transport is up for the first time after a play. */
  playerConnected: [player: string, stream: string];
  /** A publisher's media has ended without a call (transport failed, worker died): its client should publish again. */
  streamLost: [stream: string, cause: MediaLossCause];
  /** A player's media has ended without a call: its client should play again. */
  playerLost: [player: string, stream: string, cause: MediaLossCause];
  /** A worker process ended unexpectedly; a new one is being started. */
  workerDied: [worker: number, detail: string];
}

/** Why media ended without a call. */
export type MediaLossCause = 'transport-failed' | 'worker-died';

/** Error codes an engine throws, as `MediaError.code`. */
export type MediaErrorCode =
  /** The SDP cannot be parsed, or offers nothing that can be accepted. */
  | 'bad-offer'
  /** No stream of that name. */
  | 'no-such-stream'
  /** No worker could take the call in time, or no UDP port is free for it. */
  | 'unavailable';

/** The only error an engine throws on purpose. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;
  constructor(code: MediaErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Forwards media. Calls for one group take effect in the order they are made. */
export interface MediaEngine {
  /**
   * Starts the workers. Resolves when all of them take calls.
   *
   * @throws MediaError `unavailable` when a worker does not start, such as because its UDP port cannot be bound
   */
  start(): Promise<void>;
  /** @throws MediaError `bad-offer`, `unavailable` */
  publish(request: PublishRequest): Promise<MediaAnswer>;
  /** @throws MediaError `bad-offer`, `no-such-stream`, `unavailable` */
  play(request: PlayRequest): Promise<MediaAnswer>;
  /**
   * Closes a stream's publisher and all of its players. When it resolves, no packet of the stream is taken in or sent
   * any more (KICK-4, STRM-3). Resolves too when there is no such stream.
   */
  closeStream(stream: string): Promise<void>;
  /** Closes one player. When it resolves, nothing is sent to it any more. Resolves too when there is none. */
  closePlayer(player: string): Promise<void>;
  /**
   * Holds back kinds of a stream from all of its players, and lets go of the others (RULE-1). When it resolves, no packet
   * of a blocked kind is handed to any player any more, not even as a retransmission; the publisher is not told. It lasts
   * until it is set anew or the stream is closed, over re-negotiations and a worker's death too. Setting the same again
   * does nothing; letting video go asks for a keyframe. Resolves too when there is no such stream.
   */
  restrict(stream: string, blocked: MediaKinds): Promise<void>;
  /** The state of every worker; costs nothing that grows with the number of streams. */
  health(): readonly WorkerHealth[];
  /** Everything the engine holds, with counters. Never fails: what a worker that died held shows as lost. */
  dump(): Promise<EngineDump>;
  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  /** Closes every peer connection and ends the workers. */
  close(): Promise<void>;
}
