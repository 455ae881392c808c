/**
 * A media server as the benchmarks drive it: members of rooms, who publish and play streams.
 *
 * @module
 */

import type { RunningSubject, Subject } from '../harness/row.ts';
import type { WebRtcPeer } from '../harness/webrtc-peer.ts';

/** A member of a room. Each stream that it publishes or plays has a peer connection of its own. */
export interface MediaMember {
  /** Publishes a stream, whose number no other stream of this server has; resolves when media can go. */
  publish(stream: number): Promise<WebRtcPeer>;
  /** Plays a stream of the room; resolves when media can come. */
  play(stream: number): Promise<WebRtcPeer>;
  /** Ends media and signalling. */
  drop(): void;
}

/** A member that publishes or plays one stream. */
export interface MediaUser {
  readonly peer: WebRtcPeer;
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
