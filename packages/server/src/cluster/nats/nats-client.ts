/**
 * The connection of a node to NATS: it reconnects for ever, and says whether it is connected.
 *
 * A node notices within three seconds that its server is gone: it pings each second, and two pings may be unanswered.
 *
 * @module
 */

import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import type { Logger } from '../../telemetry/log.ts';
import { type NatsSettings, readNatsFiles } from './nats-settings.ts';

/** Interval of pings to the NATS server. */
const PING_INTERVAL_MS = 1000;
const MAX_UNANSWERED_PINGS = 2;
/** Interval of the attempts to connect again. */
const RECONNECT_WAIT_MS = 250;
const CONNECT_TIMEOUT_MS = 5000;
/** A text in the payload of each part is within this; the server's own limit may be lower. */
const MAX_PART_BYTES = 512 * 1024;

/** What a published message has beside its content. */
export interface PublishOptions {
  /** The subject of the answer: the server answers itself if nobody listens. */
  readonly reply?: string;
  readonly headers?: MsgHdrs;
}

/** A connection to NATS. */
export class NatsClient {
  readonly #connection: NatsConnection;
  readonly #log: Logger;
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  #isConnected = true;

  private constructor(connection: NatsConnection, log: Logger) {
    this.#connection = connection;
    this.#log = log;
  }

  /**
   * Connects. Once it was connected, the client tries for ever to connect again.
   *
   * @param name the name that the NATS server shows for this connection
   * @throws Error that names the configuration key, if a file cannot be read or no server admits the client
   */
  static async open(settings: NatsSettings, name: string, log: Logger): Promise<NatsClient> {
    const client = new NatsClient(await connectTo(settings, name), log);
    void client.#follow();
    return client;
  }

  /** Whether the server has answered the last pings. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Maximum size of the content of one message, in bytes. */
  get maxPartBytes(): number {
    return Math.min(MAX_PART_BYTES, this.#connection.info?.max_payload ?? MAX_PART_BYTES);
  }

  /** Sends a message. Messages arrive at each receiver in the order in which they were sent. */
  publish(subject: string, content: string | Uint8Array, options?: PublishOptions): void {
    this.#connection.publish(subject, content, options);
  }

  /** Calls `handle` for each message of a subject, in order. Resolves when the server knows of it. */
  async subscribe(subject: string, handle: (message: Msg) => void): Promise<void> {
    this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.#log.error({ err: error, subject }, 'NATS refuses the subscription');
        else handle(message);
      },
    });
    await this.#connection.flush();
  }

  /** Calls the listener whenever the connection is lost or back. Returns a function that ends this. */
  onChange(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Measures the time to the NATS server and back, in milliseconds. @throws Error if it is not connected */
  async measureRoundTripMs(): Promise<number> {
    return this.#connection.rtt();
  }

  /** Ends the connection. What was published before is sent. */
  async close(): Promise<void> {
    this.#listeners.clear();
    if (this.#isConnected) await this.#connection.flush().catch(() => undefined);
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') this.#change(false);
      else if (status.type === 'reconnect') this.#change(true);
      else if (status.type === 'error') this.#log.error({ err: status.error }, 'NATS reports an error');
    }
  }

  #change(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    if (isConnected) this.#log.info('the connection to NATS is back');
    else this.#log.warn('the connection to NATS is lost; this node tries to connect again');
    for (const listener of this.#listeners) listener(isConnected);
  }
}

/** What was found at a NATS server. */
export interface NatsFacts {
  /** Such as `2.10.24`. */
  readonly version: string;
  /** Maximum size of a message, in bytes. */
  readonly maxPayloadBytes: number;
  readonly roundTripMs: number;
}

/** Connects as a node would, measures, and closes the connection. @throws as `NatsClient.open` */
export async function probeNats(settings: NatsSettings): Promise<NatsFacts> {
  const connection = await connectTo(settings, 'gavel doctor');
  try {
    const roundTripMs = await connection.rtt();
    const { version = '', max_payload: maxPayloadBytes = 0 } = connection.info ?? {};
    return { version, maxPayloadBytes, roundTripMs };
  } finally {
    await connection.close();
  }
}

/** @throws Error that names the configuration key, if a file cannot be read or no server admits the client */
async function connectTo(settings: NatsSettings, name: string): Promise<NatsConnection> {
  const options = createOptions(settings, name);
  try {
    return await connect(options);
  } catch (error) {
    throw new Error(`cluster.nats: connecting to ${settings.url} failed: ${describeFailure(error)}`, { cause: error });
  }
}

/** Creates the headers of a message. */
export function createHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const created = headers();
  for (const [name, value] of Object.entries(values)) created.set(name, value);
  return created;
}

function createOptions(settings: NatsSettings, name: string): ConnectionOptions {
  const { user, password, token } = settings;
  const { credentials, nkeySeed, tls } = readNatsFiles(settings);
  return {
    name,
    servers: settings.url.split(',').map((url) => url.trim()),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(nkeySeed && { authenticator: nkeyAuthenticator(nkeySeed) }),
    ...(credentials && { authenticator: credsAuthenticator(credentials) }),
    ...(tls && { tls }),
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_UNANSWERED_PINGS,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => RECONNECT_WAIT_MS,
    // A secret that is being changed at the server must not end the node.
    ignoreAuthErrorAbort: true,
    timeout: CONNECT_TIMEOUT_MS,
  };
}

/** Says why a connection failed. No secret is part of it. */
function describeFailure(error: unknown): string {
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return 'the server refuses the credentials (user and password, token, nkeySeed or credentialsFile)';
  }
  const reason = error instanceof Error ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason.message : String(reason);
}
