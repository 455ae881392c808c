/**
 * The interface of the media engine. The server does not depend on any WebRTC details behind it.
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
  /** The stream's name, unique across groups. Publishing it again replaces its peer connection; its players stay. */
  readonly stream: string;
  /** The publisher's SDP offer (sendonly or sendrecv sections). Untrusted. */
  readonly offer: string;
  /** Kinds that the publisher may send; the others are refused in the answer. */
  readonly allowed: MediaKinds;
}

/** Starts, or re-negotiates, one player of a stream. */
export interface PlayRequest {
  readonly stream: string;
  /** The player's name, unique across streams. Playing with a name again replaces its peer connection. */
  readonly player: string;
  /** The player's SDP offer (recvonly sections). Untrusted. */
  readonly offer: string;
}

/** The engine's answer to an offer. */
export interface MediaAnswer {
  /** The complete SDP answer, candidates included. */
  readonly answer: string;
  /** The negotiated kinds. */
  readonly kinds: MediaKinds;
  /**
   * Kinds in the offer that are refused because there is no common codec (MED-8): for a publisher, among the kinds that
   * it may send; for a player, among the kinds of the stream. Absent if there are none.
   */
  readonly unsupported?: readonly MediaKind[];
}

/** Counters of one publisher or player since its start; they never decrease. */
export interface TransportCounters {
  /** RTP packets received from the publisher, or sent to the player (retransmissions included). */
  readonly packets: number;
  /** RTP bytes of those packets. */
  readonly bytes: number;
  /** Packets detected as missing (publisher), or requested again by the player. */
  readonly lost: number;
  /** Packets received late after our NACK (publisher), or sent again (player). */
  readonly retransmitted: number;
  /** Picture loss indications sent to the publisher, or received from the player. */
  readonly keyframeRequests: number;
  /** Time of the last RTP packet, in (fractional) milliseconds since the Unix epoch; 0 if there was none. */
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
  /** RTP packets of this stream that were passed to any player. */
  readonly forwardedPackets: number;
  readonly players: readonly PlayerDump[];
}

/** The state of a player, as `dump` shows it. */
export interface PlayerDump {
  readonly player: string;
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly counters: TransportCounters;
}

/** A record of a peer after `closeStream` or `closePlayer`: its final counters, and the packets that arrived later. */
export interface ClosedDump {
  readonly kind: 'publisher' | 'player';
  readonly stream: string;
  /** Set for a player. */
  readonly player?: string;
  readonly closedAtMs: number;
  readonly counters: TransportCounters;
  /**
   * RTP packets that reached the forwarding code from this publisher, or were to be passed to this player's transport,
   * after it was closed. Counted behind the checks that drop such packets: any value other than 0 is a bug (KICK-4).
   */
  readonly packetsAfterClose: number;
  /**
   * Packets that the transport still delivered from this peer after it was closed, and that were dropped at the first
   * check. Most packets that a malicious publisher continues to send are dropped earlier and are not counted here.
   */
  readonly arrivedAfterClose: number;
}

/** The health of a worker. */
export interface WorkerHealth {
  readonly worker: number;
  /** The first UDP port of the worker. */
  readonly port: number;
  /** Whether the process is running and has bound its port. */
  readonly isReady: boolean;
  /** Why the worker dies repeatedly: set if it has died at least three times within the last 30 s. */
  readonly problem?: string;
}

/** The implementations of a transport: our own on the OpenSSL inside Node, and the native binding of libdatachannel. */
export type TransportKind = 'openssl' | 'libdatachannel';

/** Counts of datagrams at a worker's port, since the worker's start. Undefined counts are not known to the transport. */
export interface DatagramCounts {
  readonly received: number;
  readonly sent: number;
  /** Not sent, because the socket's buffer was full. */
  readonly blocked: number;
  /** Not sent, because the system refused them, such as for an unreachable address. */
  readonly failed: number;
  /** Received, and dropped: too long, or from an address of no peer. */
  readonly dropped: number;
  /** STUN requests that name no peer, that a stranger has made, or that come from an address that another peer uses. */
  readonly forged: number;
  /** Media packets that are not authentic, or repetitions. */
  readonly refused: number;
  /** Media packets not sent: malformed, too old, or of a sequence number that another packet had before (RTX-1). */
  readonly unsent: number;
}

/** Counts at a worker's TCP port, since the worker's start. */
export interface TcpCounts {
  /** Connections that were opened. */
  readonly accepted: number;
  /** Connections that were ended at once, because their address had too many without an authentic connectivity check. */
  readonly refused: number;
  /** Connections that were ended because they made no authentic check in time, or sent too much before it. */
  readonly expired: number;
  /** Connections that were ended because they announced a packet that is too long. */
  readonly malformed: number;
  /** Packets received, and passed to the system. */
  readonly received: number;
  readonly sent: number;
  /** Packets that were not sent, because the client reads too slowly or its connection has ended. */
  readonly blocked: number;
}

/** Bytes of the kernel's buffers of a UDP port. */
export interface SocketBuffers {
  /** What was asked for, in each direction. */
  readonly wanted: number;
  /** What the system granted. */
  readonly receive: number;
  readonly send: number;
}

/** The transport of a worker. */
export interface TransportDump {
  readonly kind: TransportKind;
  /** Undefined for the native binding, which counts nothing. */
  readonly datagrams?: DatagramCounts;
  /** Undefined for the native binding, which sets no buffers. */
  readonly buffers?: SocketBuffers;
  /** Undefined without a TCP port. */
  readonly tcp?: {
    readonly port: number;
    /** Open connections. */
    readonly connections: number;
    readonly counts: TcpCounts;
  };
}

/** The complete state of the engine. */
export interface EngineDump {
  readonly workers: readonly {
    readonly worker: number;
    readonly pid: number | undefined;
    readonly port: number;
    readonly restarts: number;
    /** Undefined while the worker starts. */
    readonly transport?: TransportDump;
  }[];
  readonly streams: readonly StreamDump[];
  /** The last closed peers (at most 1,000), oldest first. */
  readonly closed: readonly ClosedDump[];
}

/** Events of an engine, as argument tuples. */
export interface MediaEngineEvents {
  /** A publisher's transport has connected for the first time after a publish; never emitted before the answer. */
  streamConnected: [stream: string];
  /** A player's transport has connected for the first time after a play. */
  playerConnected: [player: string, stream: string];
  /** A publisher's media has ended without a call (transport failed, worker died): its client should publish again. */
  streamLost: [stream: string, cause: MediaLossCause];
  /** A player's media has ended without a call: its client should play again. */
  playerLost: [player: string, stream: string, cause: MediaLossCause];
  /** A worker process ended unexpectedly; it is being restarted. */
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
  /** No worker answered the call in time, or no UDP port is free. */
  | 'unavailable';

/** The error that an engine throws for expected failures. */
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
   * Starts the workers. Resolves when all of them accept calls.
   *
   * @throws MediaError `unavailable` when a worker does not start, such as because its UDP port cannot be bound
   */
  start(): Promise<void>;
  /** @throws MediaError `bad-offer`, `unavailable` */
  publish(request: PublishRequest): Promise<MediaAnswer>;
  /** @throws MediaError `bad-offer`, `no-such-stream`, `unavailable` */
  play(request: PlayRequest): Promise<MediaAnswer>;
  /**
   * Closes a stream's publisher and all of its players. After it resolves, no packet of the stream is received or sent
   * (KICK-4, STRM-3). Also resolves if there is no such stream.
   */
  closeStream(stream: string): Promise<void>;
  /** Closes one player. After it resolves, nothing is sent to it. Also resolves if there is no such player. */
  closePlayer(player: string): Promise<void>;
  /**
   * Blocks kinds of a stream for all of its players, and unblocks the others (RULE-1). After it resolves, no packet of a
   * blocked kind is passed to any player, not even as a retransmission; the publisher is not notified. It applies until
   * it is set again or the stream is closed, also across re-negotiations and a worker's death. Setting the same value
   * again does nothing; unblocking video requests a keyframe. Also resolves if there is no such stream.
   */
  restrict(stream: string, blocked: MediaKinds): Promise<void>;
  /** Returns the state of every worker; its cost does not depend on the number of streams. */
  health(): readonly WorkerHealth[];
  /** Returns the complete state with counters. Never fails: the streams of a dead worker are listed as lost. */
  dump(): Promise<EngineDump>;
  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  /** Closes every peer connection and ends the workers. */
  close(): Promise<void>;
}
