/**
 * The certificates of HTTPS, read from files.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type Server as TlsServer } from 'node:tls';
import type { Config } from '../config.ts';

/** A certificate chain with its key. */
export interface Certificates {
  /** PEM: the certificate of the server, followed by those of its issuers. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** When the certificate expires, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * Reads the certificates, and checks that the key belongs to the certificate.
 *
 * @throws Error that names the configuration key, without a part of the file
 */
export function readCertificates({ certFile, keyFile }: NonNullable<Config['tls']>): Certificates {
  const cert = readPem('tls.certFile', certFile);
  const key = readPem('tls.keyFile', keyFile);
  try {
    createSecureContext({ cert, key });
    return { cert, key, expiresAtMs: new X509Certificate(cert).validToDate.getTime() };
  } catch (error) {
    throw new Error(`tls: ${certFile} and ${keyFile} are not a certificate and its key: ${messageOf(error)}`);
  }
}

/** Uses other certificates for new connections; open connections keep theirs. */
export function replaceCertificates(server: object, { cert, key }: Certificates): void {
  (server as TlsServer).setSecureContext({ cert, key });
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${name}: ${path} cannot be read: ${messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
