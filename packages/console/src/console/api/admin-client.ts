/**
 * Calls of the admin API, with the session cookie that the browser sends by itself.
 *
 * @module
 */

/** A refused or failed call. */
export class AdminApiError extends Error {
  override readonly name = 'AdminApiError';
  /** The HTTP status; 0 if the server did not answer. */
  readonly status: number;
  /** The code of the admin API, such as `not-found`; `unreachable` if the server did not answer. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The parameters of a query; undefined and empty ones are omitted. */
export type QueryParams = Readonly<Record<string, string | number | boolean | undefined>>;

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Options of a changing call. */
export interface ChangeOptions {
  readonly body?: object | undefined;
  /** The server answers a repeated call with the same key with the first answer, and does nothing twice. */
  readonly idempotencyKey?: string | undefined;
}

/** The path of the admin API. */
export const ADMIN_API = '/admin/v1';

/**
 * Makes calls of the admin API.
 *
 * ```ts
 * const { rooms } = await client.get<RoomList>('/rooms', { limit: 50 });
 * ```
 */
export class AdminClient {
  readonly #fetch: Fetch;
  readonly #onUnauthorized: () => void;
  /** The CSRF token of the session; changing calls need it. */
  csrfToken: string | undefined;

  /** @param onUnauthorized called when a call is refused because the session has ended */
  constructor(fetch: Fetch, onUnauthorized: () => void) {
    this.#fetch = fetch;
    this.#onUnauthorized = onUnauthorized;
  }

  /** @throws AdminApiError if the call is refused, or the server does not answer */
  get<Answer>(path: string, query: QueryParams = {}): Promise<Answer> {
    return this.#call<Answer>('GET', `${path}${formatQuery(query)}`, {});
  }

  /** @throws AdminApiError if the call is refused, or the server does not answer */
  post<Answer>(path: string, options: ChangeOptions = {}): Promise<Answer> {
    return this.#call<Answer>('POST', path, options);
  }

  /** @throws AdminApiError if the call is refused, or the server does not answer */
  delete<Answer>(path: string, options: ChangeOptions = {}): Promise<Answer> {
    return this.#call<Answer>('DELETE', path, options);
  }

  async #call<Answer>(method: string, path: string, { body, idempotencyKey }: ChangeOptions): Promise<Answer> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body) headers['content-type'] = 'application/json';
    if (method !== 'GET' && this.csrfToken !== undefined) headers['x-gavel-csrf'] = this.csrfToken;
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    const init = { method, headers, cache: 'no-store', ...(body && { body: JSON.stringify(body) }) } as const;
    const response = await this.#fetch(`${ADMIN_API}${path}`, init).catch(() => undefined);
    if (!response) throw new AdminApiError(0, 'unreachable', 'The server does not answer.');
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer as Answer;
    const error = readError(response.status, answer);
    if (error.code === 'unauthorized' && this.csrfToken !== undefined) this.#onUnauthorized();
    throw error;
  }
}

/** Returns the text of an error for the user. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns `?a=1&b=2` without the parameters that have no value; an empty text if none has one. */
export function formatQuery(query: QueryParams): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

function readError(status: number, answer: unknown): AdminApiError {
  const { error } = (answer ?? {}) as { readonly error?: { readonly code?: unknown; readonly message?: unknown } };
  const code = typeof error?.code === 'string' ? error.code : 'internal';
  const message = typeof error?.message === 'string' ? error.message : `The server answered HTTP ${status}.`;
  return new AdminApiError(status, code, message);
}
