/**
 * Media that never connected: a log line with the address that the client was told to use, and a count (CONN-4).
 *
 * @module
 */

import type { RoomKey, StreamCause } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import type { EndedWait } from './pending-publishes.ts';
import type { Play } from './play-table.ts';

/** What a client wanted to do with a stream. */
export type MediaRole = 'publish' | 'play';

/** An attempt to publish or play whose media did not connect. */
interface UnconnectedMedia {
  readonly key: RoomKey;
  readonly userId: string;
  readonly streamId: string;
  /** The id of the request's connection, as in the log lines of its login. */
  readonly requestId: string;
  /** The addresses in the answer to the client's offer. */
  readonly addresses: readonly string[];
  /** Undefined if no offer was answered. */
  readonly waitedMs?: number | undefined;
}

/** Dependencies of the reports. */
export interface UnconnectedReportsDeps {
  readonly clock: Clock;
  readonly log: { info(detail: object, message: string): void };
  /** Counts an attempt, for the metrics. */
  readonly count?: ((role: MediaRole) => void) | undefined;
}

const ADVICE = 'check media.announcedAddress and that clients can reach the media UDP port';
/** If a client stops after this time, in milliseconds, and its media has not connected, this is logged. */
const SLOW_CONNECT_MS = 5_000;

/** Logs and counts media that never connected. */
export class UnconnectedReports {
  readonly #deps: UnconnectedReportsDeps;

  constructor(deps: UnconnectedReportsDeps) {
    this.#deps = deps;
  }

  /** Reports a publish that was never announced, if it ended because it did not connect, or was given up late. */
  reportPublish(key: RoomKey, stream: StreamInfo, cause: StreamCause, wait: EndedWait | undefined): void {
    const isSlow = cause === 'stopped' && wait !== undefined && wait.waitedMs >= SLOW_CONNECT_MS;
    if (cause !== 'media-failed' && !isSlow) return;
    const { origin, addresses = [], waitedMs } = wait ?? {};
    const ids = { key, userId: stream.user.id, streamId: stream.streamId, requestId: origin?.requestId ?? '' };
    this.#report('publish', { ...ids, addresses, waitedMs });
  }

  /** Reports a play that has ended, if it was answered, never connected, and was given up late. */
  reportPlay({ key, userId, streamId, origin, sinceMs, addresses, wasAnswered, wasConnected }: Play): void {
    const waitedMs = this.#deps.clock.monotonicMs() - sinceMs;
    if (!wasAnswered || wasConnected || waitedMs < SLOW_CONNECT_MS) return;
    const { requestId } = origin;
    this.#report('play', { key, userId, streamId, requestId, addresses, waitedMs });
  }

  #report(role: MediaRole, media: UnconnectedMedia): void {
    const { key, userId, streamId, requestId, addresses, waitedMs } = media;
    const facts = { app: key.appId, room: key.roomId, user: userId, stream: streamId, requestId, addresses };
    const detail = { ...facts, ...(waitedMs !== undefined && { waitedMs: Math.round(waitedMs) }) };
    this.#deps.log.info(detail, `${role} ended before its media connected; ${ADVICE}`);
    this.#deps.count?.(role);
  }
}

/** Returns the addresses that an SDP answer tells the client to send media to, such as `203.0.113.7:7701`. */
export function readMediaAddresses(answer: string): string[] {
  const candidates = answer.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) /gm);
  const addresses = [...candidates].map(([, host = '', port]) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return [...new Set(addresses)];
}
