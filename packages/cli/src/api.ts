/**
 * Calls of a server's HTTP APIs.
 *
 * @module
 */

import type { Context } from './contexts.ts';
import { CliError, usageError } from './errors.ts';
import { readEvents, type ServerEvent } from './event-stream.ts';

/** A call. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path with its query, such as `/admin/v1/callbacks?limit=10`. */
  readonly path: string;
  readonly body?: object | undefined;
  /** Which key it needs: that of the admin API (default), or a token of the RealtimeKit API. */
  readonly credential?: 'key' | 'apiToken';
}

/** Calls a server, or prints the call instead. */
export interface Api {
  /** @throws CliError `refused` with the server's message, `unreachable`, or `usage` if the context has no key */
  send<T>(call: ApiCall): Promise<T>;
  /** Passes an answer on as it arrives. @throws CliError as `send` */
  download(path: string, onText: (text: string) => void): Promise<void>;
  /**
   * Reads the live events of a path until the time is over, or for ever.
   *
   * @throws CliError as `send`, and `unreachable` if the server ends the stream
   */
  watch(path: string, forMs: number | undefined, onEvent: (event: ServerEvent) => void): Promise<void>;
}

/** Thrown in place of a call that was printed: the command ends, and has done nothing. */
export class CallPrinted extends Error {}

/** The time after which a server counts as one that does not answer, in milliseconds. */
const TIMEOUT_MS = 30_000;

const CREDENTIAL_HINTS = {
  key: 'the admin key is not set: `gavel context set NAME --url URL --key-file FILE`, or GAVEL_CLI_KEY',
  apiToken:
    'the API token is not set: `gavel context set NAME --url URL --api-token-file FILE`, or GAVEL_CLI_API_TOKEN',
} as const;

/** Creates the calls to the server of a context; the context is read at the first call. */
export function createApi(findContext: () => Context): Api {
  return {
    async send<T>(call: ApiCall): Promise<T> {
      return readAnswer<T>(await request(findContext(), call, AbortSignal.timeout(TIMEOUT_MS)));
    },
    async download(path, onText) {
      const response = await request(findContext(), { method: 'GET', path }, undefined);
      if (!response.ok || !response.body) return readAnswer(response);
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) onText(text);
    },
    async watch(path, forMs, onEvent) {
      const context = findContext();
      const end = forMs === undefined ? undefined : AbortSignal.timeout(forMs);
      const response = await request(context, { method: 'GET', path }, end);
      if (!response.ok || !response.body) return readAnswer(response);
      try {
        for await (const event of readEvents(response.body.pipeThrough(new TextDecoderStream()))) onEvent(event);
      } catch (error) {
        if (end?.aborted) return;
        throw new CliError('unreachable', `${context.url} was lost: ${reasonOf(error)}`);
      }
      throw new CliError('unreachable', `${context.url} has ended the stream`);
    },
  };
}

/** Creates an API that prints each changing call, or every call, and throws `CallPrinted` after it. */
export function createPrintingApi(
  api: Api,
  findContext: () => Context,
  { asCurl, print }: { readonly asCurl: boolean; readonly print: (text: string) => void },
): Api {
  return {
    async send<T>(call: ApiCall): Promise<T> {
      if (!asCurl && call.method === 'GET') return api.send<T>(call);
      print(asCurl ? printCurl(findContext().url, call) : describeCall(findContext().url, call));
      throw new CallPrinted();
    },
    async download(path, onText) {
      if (!asCurl) return api.download(path, onText);
      print(printCurl(findContext().url, { method: 'GET', path }));
    },
    async watch(path) {
      print(printCurl(findContext().url, { method: 'GET', path }));
    },
  };
}

async function request(context: Context, call: ApiCall, signal: AbortSignal | undefined): Promise<Response> {
  const { method, path, body, credential = 'key' } = call;
  const { url, [credential]: secret } = context;
  if (secret === undefined) throw usageError(CREDENTIAL_HINTS[credential]);
  const headers = { authorization: `Bearer ${secret}`, ...(body && { 'content-type': 'application/json' }) };
  try {
    return await fetch(`${url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(signal && { signal }),
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new CliError('unreachable', `${url} cannot be reached: ${reasonOf(error)}`);
  }
}

async function readAnswer<T>(response: Response): Promise<T> {
  const text = await response.text();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new CliError(
      'unreachable',
      `${response.url} answered ${response.status} without JSON: is it a Gavel server?`,
    );
  }
  if (response.ok) return answer as T;
  throw new CliError('refused', `refused with ${response.status}: ${messageOf(answer) ?? text.slice(0, 200)}`, answer);
}

/** Returns the message of a refusal, in the form of the admin API or of the RealtimeKit API. */
function messageOf(answer: unknown): string | undefined {
  const { error } = answer as { readonly error?: { readonly message?: string } | string };
  return typeof error === 'string' ? error : error?.message;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error.cause as { readonly code?: string; readonly message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}

/** Returns a call as a command for a shell. The key is a variable, so that it gets neither on the screen nor into a history. */
export function printCurl(url: string, { method, path, body, credential = 'key' }: ApiCall): string {
  const variable = credential === 'key' ? '$GAVEL_CLI_KEY' : '$GAVEL_CLI_API_TOKEN';
  const parts = [
    `curl${method === 'GET' ? '' : ` -X ${method}`} ${quote(`${url}${path}`)}`,
    `-H "Authorization: Bearer ${variable}"`,
    ...(body ? [`-H 'Content-Type: application/json'`, `-d ${quote(JSON.stringify(body))}`] : []),
  ];
  return parts.join(' \\\n  ');
}

const describeCall = (url: string, { method, path, body }: ApiCall): string =>
  `would send ${method} ${url}${path}${body ? ` ${JSON.stringify(body)}` : ''}`;

/** Quotes a text for a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a path with a query; parameters without a value are left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return entries.length === 0
    ? path
    : `${path}?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`;
}
