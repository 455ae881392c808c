/**
 * Requests to the node that is responsible for a subject, which the next one answers if it dies.
 *
 * @module
 */

import { isGavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { NotDelivered } from './node-link.ts';
import type { Peers } from './peers.ts';
import type { Topic } from './topic.ts';

/** A request that has not reached a node waits so long for the next one: a lease, and its takeover. */
export const NEXT_NODE_MS = 4000;
/** Interval at which it is sent again. */
export const SEND_AGAIN_MS = 100;

/** A request, and what is asked instead if the node has died without an answer; absent if it must not be asked twice. */
export interface RetriedRequest<Request> {
  readonly request: Request;
  readonly retry?: Request | undefined;
}

/**
 * Asks the node that is responsible for a subject. If it cannot be reached, the request waits for the next one; also if it has died
 * without an answer, where the request may be repeated.
 *
 * @throws as `Peers.askFor`, when no node has answered within 4 s
 */
export async function askNext<Request, Answer>(
  { peers, clock }: { readonly peers: Pick<Peers, 'askFor'>; readonly clock: Pick<Clock, 'after' | 'monotonicMs'> },
  subject: string,
  topic: Topic<Request, Answer>,
  { request: first, retry }: RetriedRequest<Request>,
): Promise<Answer> {
  const endsAtMs = clock.monotonicMs() + NEXT_NODE_MS;
  for (let request = first; ; ) {
    try {
      return await peers.askFor(subject, topic, request);
    } catch (error) {
      if (!isGavelError(error, 'server.node-unavailable')) throw error;
      const next = error instanceof NotDelivered ? request : retry;
      if (!next || clock.monotonicMs() >= endsAtMs) throw error;
      request = next;
      await new Promise<void>((resolve) => clock.after(SEND_AGAIN_MS, resolve));
    }
  }
}
