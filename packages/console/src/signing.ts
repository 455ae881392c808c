/**
 * Moderation calls: requests for a signature, and sending of the signed requests. The page has no secret.
 *
 * @module
 */

/** A moderation call that the page can make. */
export type ModerationCall =
  | { readonly kind: 'kick'; readonly roomId: string; readonly userId: string }
  | { readonly kind: 'close'; readonly roomId: string }
  | { readonly kind: 'delete-stream'; readonly roomId: string; readonly streamId: string };

/** The body of `POST /playground/sign`. */
export interface SignRequest {
  readonly action: string;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
}

/** The answer to a moderation call. */
export interface ModerationAnswer {
  readonly httpStatus: number;
  /** Undefined if the body did not have the server API's shape. */
  readonly code: number | undefined;
  readonly message: string;
  readonly requestId: string;
  /** Time from sending to the complete answer. */
  readonly durationMs: number;
}

/** The `fetch` function of the browser or of a test. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** The operator of a stream deletion. It must not be a user of the room, because the operator is not notified of the deletion. */
const ACTING_USER = 'playground-moderator';

/** Returns the Action and parameters of a call; an empty reason is omitted. */
export function toSignRequest(call: ModerationCall, reason: string): SignRequest {
  const custom = reason === '' ? {} : { CustomReason: reason };
  switch (call.kind) {
    case 'kick':
      return { action: 'KickoutUser', params: { RoomId: call.roomId, 'UserId[]': [call.userId], ...custom } };
    case 'close':
      return { action: 'CloseRoom', params: { RoomId: call.roomId, ...custom } };
    case 'delete-stream':
      return {
        action: 'DeleteStream',
        params: { RoomId: call.roomId, UserId: ACTING_USER, StreamId: call.streamId },
      };
  }
}

/**
 * Requests the server's signature for a call; the signed path is valid for ten minutes.
 *
 * @throws Error with a user-facing message if the server refuses
 */
export async function signCall(call: ModerationCall, reason: string, fetch: Fetch): Promise<string> {
  const response = await fetch('/playground/sign', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(toSignRequest(call, reason)),
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isObject(body) && typeof body.path === 'string' && body.path.startsWith('/')) return body.path;
  const message = isObject(body) ? (body.message ?? body.error) : undefined;
  const detail = typeof message === 'string' ? message : `HTTP ${response.status}`;
  throw new Error(`The server did not sign the request: ${detail}`);
}

/** Sends a signed path and returns the server's answer. Rejects only if no answer came. */
export async function sendSigned(path: string, fetch: Fetch, now: () => number): Promise<ModerationAnswer> {
  const startedAt = now();
  const response = await fetch(path, { cache: 'no-store' });
  const text = await response.text();
  const durationMs = now() - startedAt;
  return { httpStatus: response.status, durationMs, ...readEnvelope(text) };
}

function readEnvelope(text: string): Pick<ModerationAnswer, 'code' | 'message' | 'requestId'> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Shown unchanged: a proxy between the page and the server may have answered.
  }
  if (!isObject(body)) return { code: undefined, message: text.slice(0, 200), requestId: '' };
  return {
    code: typeof body.Code === 'number' ? body.Code : undefined,
    message: typeof body.Message === 'string' ? body.Message : text.slice(0, 200),
    requestId: typeof body.RequestId === 'string' ? body.RequestId : '',
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
