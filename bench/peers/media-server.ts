/**
 * A media server as the benchmarks drive it: users who publish and users who play, each over a connection of its own.
 *
 * @module
 */

import type { RunningSubject, Subject } from '../harness/row.ts';
import type { WebRtcPeer } from '../harness/webrtc-peer.ts';

/** A user who publishes or plays. */
export interface MediaUser {
  readonly peer: WebRtcPeer;
  /** Ends media and signalling without a word to the server. */
  drop(): void;
}

/** A running media server. */
export interface RunningMediaServer extends RunningSubject {
  /** The processes whose CPU time counts. */
  pids(): readonly number[];
  /** Connects a user, puts it into a room, which is made where need be, and publishes; resolves when media can go. */
  publish(room: number): Promise<MediaUser>;
  /** Connects a user and plays what the publisher of a room sends; resolves when media can come. */
  play(room: number): Promise<MediaUser>;
}

/** A media server that can be started. */
export type MediaServerKind = Subject<RunningMediaServer>;
