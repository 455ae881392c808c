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
 * Returns the headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`.
 *
 * The HMAC key is the bytes of the secret. A library that expects a `whsec_` secret needs `whsec_` followed by their Base64.
 */
export function standardWebhookHeaders(secret: string, { id, body }: SignedMessage, nowMs: number) {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` } as const;
}
