/**
 * A customer's server in a separate process: it accepts callbacks as fast as they arrive, and reports problems with
 * them to its parent on request.
 *
 * @module
 */

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The callbacks since the last reset. */
export interface ReceiverReport {
  readonly received: number;
  /** Without the vendor's signature in the body, or the one over it in the headers. */
  readonly unsigned: number;
  /** Out of the order of its room, or twice. */
  readonly disordered: number;
  /** Milliseconds from each event to its receipt. */
  readonly lagsMs: readonly number[];
  /** Milliseconds since the Unix epoch of the last receipt. */
  readonly lastAtMs: number;
}

/** The parent's requests: reset, report the count, report everything. */
export type ReceiverCommand = 'reset' | 'count' | 'report';

/** The fields that matter here, as texts. */
interface Callback {
  readonly event: string;
  readonly signature?: string;
  readonly room_id: string;
  readonly user_update_seq?: string;
  readonly login_time?: string;
  readonly logout_time?: string;
  readonly room_create_time?: string;
  readonly room_close_time?: string;
}

let received = 0;
let unsigned = 0;
let disordered = 0;
let lagsMs: number[] = [];
let lastAtMs = 0;
/** The number of the last event of a room's users; they have no gaps. */
const lastSeqs = new Map<string, number>();

function record(callback: Callback, headers: IncomingHttpHeaders): void {
  const nowMs = performance.timeOrigin + performance.now();
  received += 1;
  lastAtMs = nowMs;
  lagsMs.push(nowMs - timeOf(callback));
  if (!callback.signature || !headers['webhook-signature']) unsigned += 1;
  const { room_id: roomId } = callback;
  if (callback.user_update_seq !== undefined) {
    const seq = Number(callback.user_update_seq);
    if (seq !== (lastSeqs.get(roomId) ?? 0) + 1) disordered += 1;
    lastSeqs.set(roomId, seq);
  } else if (lastSeqs.has(roomId) === (callback.event === 'room_create')) {
    disordered += 1;
  }
}

function timeOf(callback: Callback): number {
  const { event, login_time, logout_time, room_create_time, room_close_time } = callback;
  return Number(
    { room_login: login_time, room_logout: logout_time, room_create: room_create_time, room_close: room_close_time }[
      event
    ],
  );
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    record(JSON.parse(Buffer.concat(chunks).toString()) as Callback, request.headers);
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
});
process.on('message', (command: ReceiverCommand) => {
  const report: ReceiverReport = { received, unsigned, disordered, lagsMs, lastAtMs };
  if (command === 'count') process.send?.(received);
  else if (command === 'report') process.send?.(report);
  else [received, unsigned, disordered, lagsMs] = [0, 0, 0, []];
});
process.on('disconnect', () => process.exit(0));
