/**
 * A media server as the benchmarks drive it: members of rooms, who publish and play streams.
 *
 * @module
 */

import type { RunningSubject, Subject } from '../harness/row.ts';
import type { RtpStream } from '../harness/rtp-stream.ts';

/** How a stream is published. */
export interface PublishOptions {
  /**
   * Requests for key frames are not answered, so that a member that also plays does not read every packet: every packet
   * of the load is a key frame.
   */
  readonly ignoresRequests?: boolean;
}

/** A member of a room. Its streams have one peer connection, or each has its own, as its server has it. */
export interface MediaMember {
  /** Publishes a stream, whose number no other stream of this server has; resolves when media can go. */
  publish(stream: number, options?: PublishOptions): Promise<RtpStream>;
  /** Plays a stream of the room; resolves when media can come. */
  play(stream: number): Promise<RtpStream>;
  /** Has a backend kick it; resolves when the call is answered. Absent where the server cannot do it by a call. */
  kick?(): Promise<void>;
  /** Ends media and signalling. */
  drop(): void;
}

/** A member that publishes or plays one stream. */
export interface MediaUser {
  readonly peer: RtpStream;
  /** Ends media and signalling. */
  drop(): void;
}

/** A running media server. */
export interface RunningMediaServer extends RunningSubject {
  /** The processes whose CPU time counts. */
  pids(): readonly number[];
  /** Connects a member and puts it into a room, which is made where need be. */
  join(room: number): Promise<MediaMember>;
}

/** A media server that can be started. */
export type MediaServerKind = Subject<RunningMediaServer>;
