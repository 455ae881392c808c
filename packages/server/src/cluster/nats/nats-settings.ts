/**
 * How a node connects to NATS.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** Settings of the connection to NATS. At most one kind of credentials is set. */
export interface NatsSettings {
  /** `nats://host:port`; several are separated by commas. With TLS, the host is a name of the certificate, not an address. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The seed of an nkey: `SU...`. */
  readonly nkeySeed?: string;
  /** The path of a credentials file: a JWT with its nkey. */
  readonly credentialsFile?: string;
  readonly tls?: NatsTlsSettings;
}

/** TLS towards NATS, as paths of PEM files. */
export interface NatsTlsSettings {
  /** The issuers that are trusted instead of the system's. */
  readonly caFile?: string;
  /** The certificate of this node, where the NATS server demands one. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** The contents of the files that the settings name. */
export interface NatsFiles {
  readonly nkeySeed?: Uint8Array;
  readonly credentials?: Uint8Array;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Reads the files that the settings name. @throws Error that names the configuration key of a file that cannot be read */
export function readNatsFiles({ nkeySeed, credentialsFile, tls }: NatsSettings): NatsFiles {
  return {
    ...(nkeySeed !== undefined && { nkeySeed: Buffer.from(nkeySeed) }),
    ...(credentialsFile !== undefined && {
      credentials: Buffer.from(readText('cluster.nats.credentialsFile', credentialsFile)),
    }),
    ...(tls && {
      tls: {
        ...(tls.caFile !== undefined && { ca: readText('cluster.nats.tls.caFile', tls.caFile) }),
        ...(tls.certFile !== undefined && { cert: readText('cluster.nats.tls.certFile', tls.certFile) }),
        ...(tls.keyFile !== undefined && { key: readText('cluster.nats.tls.keyFile', tls.keyFile) }),
      },
    }),
  };
}

function readText(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${key}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
