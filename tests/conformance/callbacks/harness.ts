/**
 * Harness of the callback tests: a server whose App sends every group to one receiver, in the test's process.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import {
  type CallbackReceiver,
  type ReceivedCallback,
  startCallbackReceiver,
  TEST_API_TOKEN,
  type TestServerOptions,
} from '@gavel/testkit';
import { type Harness, start } from '../zego/harness.ts';

/** A server and its receiver. */
export interface Stage extends Harness {
  readonly receiver: CallbackReceiver;
  /** Resolves when no callback is pending: each was delivered or failed permanently. */
  settled(): Promise<void>;
  /** Returns the callbacks since the last call, each as its event and its code, if it has one. */
  news(): Promise<string[]>;
  /** Makes a call of the admin API. */
  admin(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Readonly<Record<string, unknown>> }>;
  /** Stops only the server. */
  stop(): Promise<void>;
}

/** Returns the callback groups of an App that sends all of them to one address. */
export const allTo = (url: string) => ({ roomUrl: url, userUrl: url, streamUrl: url });

/** Polls until a condition is true. Throws after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`timed out waiting for: ${what}`);
}

/** Starts a server whose callbacks go to a receiver; with `receiver` given, to that one. */
export async function startStage(
  options: Parameters<typeof start>[0] & { readonly receiver?: CallbackReceiver } = {},
): Promise<Stage> {
  const receiver = options.receiver ?? (await startCallbackReceiver());
  const app: TestServerOptions['app'] = { callbacks: allTo(receiver.url('/hook')), ...options.app };
  const harness = await start({ ...options, app });
  let seen = 0;
  const stage: Stage = {
    ...harness,
    receiver,
    settled: () => until(async () => (await pendingOf(stage)) === 0, 'nothing is owed'),
    async news() {
      await stage.settled();
      const fresh = receiver.received.slice(seen);
      seen = receiver.received.length;
      return fresh.map(tell);
    },
    async admin(method, path, body) {
      const response = await fetch(`${harness.baseUrl}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${TEST_API_TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    stop: () => harness.close(),
    async close() {
      await harness.close();
      await receiver.close();
    },
  };
  return stage;
}

async function pendingOf(stage: Stage): Promise<number> {
  const { body } = await stage.admin('GET', '/callbacks?status=pending&limit=1');
  return (body.callbacks as object[]).length;
}

/** Summarises a callback: its event, its subject, and its code. */
export function tell({ body }: ReceivedCallback): string {
  const about = body.user_account ?? body.stream_id;
  const code = body.close_reason ?? body.reason ?? body.type ?? (body.relogin === '1' ? 'relogin' : undefined);
  return [body.event, about, code].filter((part) => part !== undefined).join(' ');
}

/** Computes the signature as the vendor documents it (reference zego 3.2). */
export function vendorSignature(secret: string, body: Readonly<Record<string, unknown>>): string {
  const parts = [secret, String(body.timestamp), String(body.nonce)].sort();
  return createHash('sha1').update(parts.join('')).digest('hex');
}
