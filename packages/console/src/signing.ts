/**
 * Moderation calls: what to ask the server to sign, and how the signed request is sent. The page holds no secret.
 *
 * @module
 */

/** A moderation call that the page can make. */
export type ModerationCall =
  | { readonly kind: 'kick'; readonly roomId: string; readonly userId: string }
  | { readonly kind: 'close'; readonly roomId: string }
  | { readonly kind: 'delete-stream'; readonly roomId: string; readonly streamId: string };

/** What `POST /playground/sign` takes. */
export interface SignRequest {
  readonly action: string;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
}

/** The answer to a moderation call. */
export interface ModerationAnswer {
  readonly httpStatus: number;
  /** Undefined if the body was not of the server API's shape. */
  readonly code: number | undefined;
  readonly message: string;
  readonly requestId: string;
  /** From sending to the whole answer. */
  readonly durationMs: number;
}

/** Fetches; the browser's own, or a test's. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Who deletes a stream. Never a user of the room: the one who acts is not told of the deletion. */
const ACTING_USER = 'playground-moderator';

/** Returns the Action and parameters of a call; an empty reason is left out. */
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
 * Lets the server sign a call; the path is good for ten minutes.
 *
 * @throws Error with a message for people if the server does not
 */
export async function signCall(call: ModerationCall, reason: string, fetch: Fetch): Promise<string> {
  const response = await fetch('/playground/sign', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(toSignRequest(call, reason)),
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && isObject(body) && typeof body.path === 'string' && body.path.startsWith('/')) return body.path;
  const told = isObject(body) ? (body.message ?? body.error) : undefined;
  const detail = typeof told === 'string' ? told : `HTTP ${response.status}`;
  throw new Error(`The server did not sign the request: ${detail}`);
}

/** Sends a signed path, and gives what the server answered. Rejects only if no answer came. */
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
    // Shown as it came: whatever stands between the page and the server may have answered.
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
