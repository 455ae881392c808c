/**
 * The interface of the media engine. The server does not depend on any WebRTC details behind it.
 *
 * A **peer** is the one peer connection of a member: it publishes **streams** and subscribes to streams of others. A
 * stream has at most one **track** of each kind, and a video track has up to three **layers**, the simulcast encodings of
 * one picture. A **subscription** is one peer's wish for one stream. Every peer and every stream belongs to a **group** (a
 * room). All names are chosen by the caller.
 *
 * @module
 */

/** A kind of media. */
export type MediaKind = 'audio' | 'video';

/** A flag for each kind of media. */
export interface MediaKinds {
  readonly audio: boolean;
  readonly video: boolean;
}

/** The sections of an offer that carry a stream, by kind: values of `mid`. */
export interface SectionMids {
  readonly audio?: string;
  readonly video?: string;
}

/** A stream that a peer publishes with an offer. */
export interface PublishItem {
  /** The stream's name, unique across groups. If another peer publishes it, this peer replaces it; subscriptions stay. */
  readonly stream: string;
  /** The sections that carry it: `sendonly` or `sendrecv`. */
  readonly mids: SectionMids;
  /** Kinds that the publisher may send; the others are refused in the answer. */
  readonly allowed: MediaKinds;
}

/** What a subscriber wants of a stream's video. Absent fields are at their defaults. */
export interface SubscriptionPreferences {
  /** The highest layer that is sent, from 0; absent: no maximum. */
  readonly maxLayer?: number;
  /**
   * The height in which the picture is shown, in pixels: the lowest layer of about this height or more is sent, else the
   * highest. 0: it is not shown, so that no video is sent, while sound goes on. Absent: as large as there is.
   */
  readonly height?: number;
  /** Integer from 0 (default) to 9. Where bandwidth is short, video of a higher priority is served first. */
  readonly priority?: number;
}

/** A stream that a peer subscribes to with an offer. */
export interface SubscribeItem {
  readonly stream: string;
  /** The sections that carry it: `recvonly` or `sendrecv`. */
  readonly mids: SectionMids;
  /** Absent: all at their defaults. */
  readonly preferences?: SubscriptionPreferences;
}

/**
 * Opens a peer, or re-negotiates it. The lists are complete: what the peer published or subscribed to before and is not
 * listed is closed, as by `closeStream` and `unsubscribe`.
 */
export interface NegotiateRequest {
  readonly group: string;
  /** The peer's name, unique across groups. */
  readonly peer: string;
  /**
   * The SDP offer for the whole peer connection. Untrusted. With the fingerprint of the existing connection it
   * re-negotiates it, and restarts ICE if the credentials are new; otherwise it replaces the connection.
   */
  readonly offer: string;
  readonly publish: readonly PublishItem[];
  readonly subscribe: readonly SubscribeItem[];
}

/** The result of one item of an offer. A refused item does not affect the others (CONN-2). */
export type ItemResult =
  | {
      /** The negotiated kinds. */
      readonly kinds: MediaKinds;
      /**
       * Kinds of the item that are refused because there is no common codec (MED-8): for a published stream, among the
       * kinds that it may send; for a subscription, among the kinds of the stream. Absent if there are none.
       */
      readonly unsupported?: readonly MediaKind[];
    }
  | {
      readonly error: MediaErrorCode;
      readonly message: string;
      /** The same, if the item is refused because none of its kinds has a common codec. */
      readonly unsupported?: readonly MediaKind[];
    };

/** The engine's answer to an offer. */
export interface NegotiateAnswer {
  /** The complete SDP answer, candidates included. */
  readonly answer: string;
  /** In the order of the request. */
  readonly publish: readonly ItemResult[];
  /** In the order of the request. */
  readonly subscribe: readonly ItemResult[];
}

/** Counters of received or sent RTP packets; they never decrease. */
export interface PacketCounters {
  /** RTP packets received from the publisher, or sent to the subscriber (retransmissions included). */
  readonly packets: number;
  /** RTP bytes of those packets. */
  readonly bytes: number;
  /** Packets detected as missing (publisher), or requested again by the subscriber. */
  readonly lost: number;
  /** Packets received late after our NACK (publisher), or sent again (subscriber). */
  readonly retransmitted: number;
  /** Picture loss indications sent to the publisher, or received from the subscriber. */
  readonly keyframeRequests: number;
  /** Time of the last RTP packet, in (fractional) milliseconds since the Unix epoch; 0 if there was none. */
  readonly lastPacketAtMs: number;
}

/** The state of a connection. */
export type ConnectionState = 'connecting' | 'connected' | 'lost';

/** The state of a peer, as `dump` shows it. */
export interface PeerDump {
  readonly peer: string;
  readonly group: string;
  readonly worker: number;
  readonly state: ConnectionState;
  /** The sum over all of its streams. */
  readonly received: PacketCounters;
  /** The sum over all of its subscriptions. */
  readonly sent: PacketCounters;
  /** What the network to the peer can take; absent for a peer that gives no feedback. */
  readonly estimate?: BandwidthDump;
}

/** The estimated bandwidth towards a peer, as `dump` shows it. */
export interface BandwidthDump {
  /** Bits per second. */
  readonly bps: number;
  readonly roundTripMs: number;
  /** The bits per second that the allocation expects its subscriptions to take. */
  readonly allocatedBps: number;
}

/** The state of one layer of a video track, or of an audio track, which has one. */
export interface LayerDump {
  /** From 0, the lowest. */
  readonly layer: number;
  /** Undefined without simulcast. */
  readonly rid?: string;
  /** Bits per second over about the last second. */
  readonly bitrate: number;
  readonly counters: PacketCounters;
}

/** The state of one kind of a stream. */
export interface TrackDump {
  readonly kind: MediaKind;
  readonly codec: string;
  readonly layers: readonly LayerDump[];
}

/** The state of a stream, as `dump` shows it. */
export interface StreamDump {
  readonly stream: string;
  readonly group: string;
  readonly worker: number;
  /** The publishing peer; undefined while there is none. */
  readonly peer?: string;
  readonly state: ConnectionState;
  /** The further workers that its packets are piped to (PIPE-1); absent if there are none. */
  readonly pipedTo?: readonly number[];
  readonly tracks: readonly TrackDump[];
  /** The sum over all tracks and layers. */
  readonly publisher: PacketCounters;
  /** RTP packets of this stream that were passed to any subscriber. */
  readonly forwardedPackets: number;
  readonly subscriptions: readonly SubscriptionDump[];
}

/** The state of a subscription, as `dump` shows it. */
export interface SubscriptionDump {
  readonly peer: string;
  readonly state: ConnectionState;
  /** The layer of video that is sent now; undefined if there is none. */
  readonly layer?: number;
  readonly maxLayer?: number;
  readonly height?: number;
  readonly priority?: number;
  /** Whether its video is paused for want of bandwidth (BWE-2). */
  readonly isPaused?: true;
  readonly counters: PacketCounters;
}

/**
 * A record of a published stream or a subscription after it was closed by a call: its final counters, and the packets that
 * arrived later.
 */
export interface ClosedDump {
  readonly kind: 'publisher' | 'subscription';
  readonly stream: string;
  /** The publishing or the subscribing peer. */
  readonly peer: string;
  readonly closedAtMs: number;
  readonly counters: PacketCounters;
  /**
   * RTP packets of this stream that reached the forwarding code, or packets that were to be passed to this subscriber's
   * transport, after the close. Counted behind the checks that drop such packets: any value other than 0 is a bug (KICK-4).
   */
  readonly packetsAfterClose: number;
  /**
   * Packets that still arrived for a closed stream, and that were dropped at the first check. Packets that arrive at a
   * closed peer's transport are dropped earlier and are not counted here.
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

/** All packets of a worker since the start of its process, those of peers that have ended included. */
export interface PacketTotals {
  readonly received: PacketCounters;
  readonly sent: PacketCounters;
}

/** Probes of what viewers' networks can take, since a worker's start. */
export interface ProbeCounts {
  readonly probes: number;
  /** Bytes of padding that were sent for them. */
  readonly paddingBytes: number;
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
    /** Undefined while the worker starts. */
    readonly totals?: PacketTotals;
    /** Packets and requests to other workers that were dropped, because those do not read fast enough; undefined without pipes. */
    readonly droppedPipeFrames?: number;
    /** Undefined while the worker starts. */
    readonly probes?: ProbeCounts;
  }[];
  readonly peers: readonly PeerDump[];
  readonly streams: readonly StreamDump[];
  /** The last closed streams and subscriptions (at most 1,000), oldest first. */
  readonly closed: readonly ClosedDump[];
}

/** What the subscribers of a stream take of its video, over all workers (BWE-4). */
export interface StreamDemand {
  /** The highest layer that a subscriber gets, or would get if the publisher sent it; -1: nobody takes video. */
  readonly highestLayer: number;
  /** Bits per second beyond which more video is of no use, because the only subscriber cannot take it; absent: no limit. */
  readonly maxBps?: number;
}

/** The level of a stream's sound. */
export interface SoundLevel {
  readonly stream: string;
  /** In -dBov (RFC 6464): 0 is the loudest, 127 is silence. */
  readonly level: number;
}

/** Events of an engine, as argument tuples. */
export interface MediaEngineEvents {
  /**
   * A stream's media can flow: it was published and its peer is connected. Emitted once per publish, also for a stream
   * that is published on a connected peer; never before the answer.
   */
  streamConnected: [stream: string];
  /** A peer's transport has connected for the first time, or again after it was replaced. Never before the answer. */
  peerConnected: [peer: string];
  /**
   * A peer has ended without a call (transport failed, worker died), and with it all that it published and subscribed to:
   * its client should negotiate again with a new peer connection. Its streams keep their subscriptions.
   */
  peerLost: [peer: string, cause: MediaLossCause];
  /**
   * A subscription has ended without a call, such as because the stream was published again with another codec: its client
   * should negotiate again on the same connection.
   */
  subscriptionLost: [peer: string, stream: string];
  /**
   * The video of a subscription is paused for want of bandwidth, or resumed (BWE-2). Not emitted for a height of 0, nor
   * when the subscription ends.
   */
  videoPaused: [peer: string, stream: string, isPaused: boolean];
  /**
   * What the subscribers take of a stream's video has changed (BWE-4): more at once, less when it has lasted for 2 s. Until
   * the first event of a publication, everything is wanted.
   */
  demandChanged: [stream: string, demand: StreamDemand];
  /**
   * The levels of streams that can be heard, and of those whose level has changed notably, smoothed: at most every 200 ms per
   * worker. A stream whose sound has ended is in the list once more, with 127.
   */
  soundLevels: [levels: readonly SoundLevel[]];
  /** A worker process ended unexpectedly; it is being restarted. */
  workerDied: [worker: number, detail: string];
}

/** Why media ended without a call. */
export type MediaLossCause = 'transport-failed' | 'worker-died';

/** Error codes an engine throws, as `MediaError.code`. */
export type MediaErrorCode =
  /** The SDP cannot be parsed, or an item names no section of it that can be accepted. */
  | 'bad-offer'
  /** No stream of that name. */
  | 'no-such-stream'
  /** The peer was closed before its offer was answered. */
  | 'no-such-peer'
  /** No worker answered the call in time, or no UDP port is free. */
  | 'unavailable';

/** The error that an engine throws for expected failures. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;
  /** The kinds without a common codec, if that is the reason (MED-8). */
  readonly unsupported: readonly MediaKind[];
  constructor(code: MediaErrorCode, message: string, unsupported: readonly MediaKind[] = []) {
    super(message);
    this.code = code;
    this.unsupported = unsupported;
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
  /**
   * Opens or re-negotiates a peer. Refused items are in the answer; the call fails only if the offer as a whole is
   * refused, and then nothing has changed.
   *
   * @throws MediaError `bad-offer`, `unavailable`, `no-such-peer` if `closePeer` was called before the answer
   */
  negotiate(request: NegotiateRequest): Promise<NegotiateAnswer>;
  /**
   * Closes a peer, the streams that it publishes, and its subscriptions. After it resolves, no packet is received from it or
   * sent to it, and no packet of its streams is sent to anybody (KICK-4). Also resolves if there is no such peer.
   */
  closePeer(peer: string): Promise<void>;
  /**
   * Closes a stream and all subscriptions to it; its peer stays. After it resolves, no packet of the stream is sent
   * (STRM-3), and none that still arrives is forwarded. Also resolves if there is no such stream.
   */
  closeStream(stream: string): Promise<void>;
  /** Closes one subscription. After it resolves, nothing of the stream is sent to the peer. Also resolves if there is none. */
  unsubscribe(peer: string, stream: string): Promise<void>;
  /**
   * Blocks kinds of a stream for all subscribers, and unblocks the others (RULE-1). After it resolves, no packet of a
   * blocked kind is passed to anyone, not even as a retransmission; the publisher is not notified. It applies until
   * it is set again or the stream is closed, also across re-negotiations and a worker's death. Setting the same value
   * again does nothing; unblocking video requests a keyframe. Also resolves if there is no such stream.
   */
  restrict(stream: string, blocked: MediaKinds): Promise<void>;
  /**
   * Replaces what one subscriber wants of a stream's video (SIM-1). Another layer is sent from its next keyframe on. Also
   * resolves if there is no such subscription.
   */
  preferVideo(peer: string, stream: string, preferences: SubscriptionPreferences): Promise<void>;
  /**
   * Lets media be sent for so long from now, in milliseconds, unless this is called again: then every worker ends itself, also if
   * this process stands still (CLUS-5). Undefined ends the limit. By default there is none.
   */
  limitSending(remainingMs: number | undefined): void;
  /** Returns the state of every worker; its cost does not depend on the number of streams. */
  health(): readonly WorkerHealth[];
  /** Returns the complete state with counters. Never fails: the peers and streams of a dead worker are listed as lost. */
  dump(): Promise<EngineDump>;
  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void;
  /** Closes every peer connection and ends the workers. */
  close(): Promise<void>;
}
