/**
 * The signature of the Standard Webhooks specification: it covers the id, the time of the attempt and the body.
 *
 * @module
 */

import { createHmac } from 'node:crypto';

/** What is signed. */
export interface SignedMessage {
  readonly id: string;
  readonly body: string;
}

/**
 * Returns the headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, which has a signature for each
 * secret: a receiver accepts the message if it knows one of them (SEC-2).
 *
 * The HMAC key is the bytes of the secret. A library that expects a `whsec_` secret needs `whsec_` followed by their Base64.
 */
export function standardWebhookHeaders(secrets: readonly string[], { id, body }: SignedMessage, nowMs: number) {
  const timestamp = String(Math.floor(nowMs / 1000));
  const sign = (secret: string) => createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  const signatures = secrets.map((secret) => `v1,${sign(secret)}`).join(' ');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } as const;
}
