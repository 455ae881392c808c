/**
 * A client of which every datagram is made by hand. Unlike the native binding, it can hang up as a browser does, with a
 * close_notify.
 *
 * @module
 */

import { createSocket, type RemoteInfo } from 'node:dgram';
import { DtlsContext } from '../src/dtls/dtls-context.ts';
import { DtlsSession } from '../src/dtls/dtls-session.ts';
import { parseFingerprint } from '../src/dtls/fingerprint.ts';
import { allocatePermanent } from '../src/ffi/memory.ts';
import { parseBindingRequest, writeBindingResponse } from '../src/ice/stun.ts';
import type { OfferTransportFields } from './offer-builder.ts';
import { createRequest } from './stun-request.ts';

const CHECK_INTERVAL_MS = 50;
const HOST = '127.0.0.1';
const memory = allocatePermanent(4_096);
const response = Buffer.alloc(128);

/** A client with ICE and DTLS, and without media. */
export class HandmadeClient {
  readonly transport: OfferTransportFields;
  readonly #context = new DtlsContext();
  readonly #socket = createSocket('udp4');
  #dtls: DtlsSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor() {
    this.transport = {
      iceUfrag: 'client',
      icePwd: 'client-password-of-22-chars'.replaceAll('-', '+'),
      fingerprint: this.#context.certificate.fingerprint,
    };
  }

  /** Connects with the first answer; later ones change nothing. */
  accept(answer: string): void {
    if (this.#timer !== undefined) return;
    const find = (pattern: RegExp): string => pattern.exec(answer)?.[1] ?? '';
    const port = Number(find(/^a=candidate:\S+ \d UDP \d+ 127\.0\.0\.1 (\d+)/m));
    const fragment = find(/^a=ice-ufrag:(\S+)/m);
    const password = find(/^a=ice-pwd:(\S+)/m);
    const expected = parseFingerprint(find(/^a=fingerprint:(.*)$/m).trim());
    if (expected === undefined) throw new Error('The answer has no fingerprint');
    const send = (bytes: Uint8Array): void => {
      if (!this.#isClosed) this.#socket.send(Buffer.from(bytes), port, HOST);
    };
    const dtls = new DtlsSession(this.#context, 'client', expected, {
      sendDatagram: send,
      handleKeys: () => undefined,
      handleEnd: () => undefined,
    });
    this.#dtls = dtls;
    this.#socket.on('message', (message, from) => this.#receive(message, from));
    const check = (): void => {
      send(createRequest(fragment, password));
      dtls.tick();
    };
    this.#socket.bind(0, HOST, check);
    this.#timer = setInterval(check, CHECK_INTERVAL_MS);
  }

  /** Hangs up. */
  close(): void {
    if (this.#isClosed) return;
    clearInterval(this.#timer);
    this.#dtls?.close();
    this.#isClosed = true;
    // What has just been sent leaves the socket in a later turn.
    if (this.#timer !== undefined) setTimeout(() => this.#socket.close(), CHECK_INTERVAL_MS);
  }

  #receive(message: Buffer, from: RemoteInfo): void {
    const first = message[0] ?? 0;
    if (first < 4) {
      const request = parseBindingRequest(message);
      if (request === undefined) {
        this.#dtls?.start();
        return;
      }
      const ip = Buffer.from(from.address.split('.').map(Number));
      const length = writeBindingResponse(request, this.transport.icePwd, ip, from.port, response);
      this.#socket.send(Buffer.from(response.subarray(0, length)), from.port, from.address);
    } else if (first >= 20 && first < 64) {
      memory.bytes.set(message);
      this.#dtls?.receive(memory, message.length);
    }
  }
}
