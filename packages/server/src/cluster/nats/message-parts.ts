/**
 * Messages that are larger than one message of NATS may be: they are sent in parts, and put together again.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';

/** Maximum size of a message between nodes, in bytes of JSON: 32 MiB. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
/** Number of senders whose unfinished messages are kept; the oldest is dropped for a further one. */
const MAX_UNFINISHED = 256;

/** The place of a part in its message. */
export interface PartPlace {
  /** The message, unique at its sender. */
  readonly id: string;
  /** From 0 on. */
  readonly index: number;
  readonly count: number;
}

/** Splits the bytes of a message. @throws GavelError `request.too-large` above `maxBytes` */
export function splitMessage(bytes: Uint8Array, maxPartBytes: number, maxBytes = MAX_MESSAGE_BYTES): Uint8Array[] {
  if (bytes.length > maxBytes) {
    throw new GavelError('request.too-large', `A message between nodes is larger than ${maxBytes} bytes.`);
  }
  const count = Math.max(1, Math.ceil(bytes.length / maxPartBytes));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * maxPartBytes, (index + 1) * maxPartBytes));
}

/** Formats the place of a part for a header. */
export const formatPlace = ({ id, index, count }: PartPlace): string => `${id} ${index} ${count}`;

/** Parses the header of a part; undefined if it is not one. */
export function parsePlace(text: string): PartPlace | undefined {
  const [, id, index, count] = /^(\S+) (\d{1,6}) (\d{1,6})$/.exec(text) ?? [];
  return id === undefined ? undefined : { id, index: Number(index), count: Number(count) };
}

/**
 * Puts the parts of messages together. A sender sends the parts of one message in order and without another message
 * between them, so at most one message of each sender is unfinished; a message that lacks a part is dropped with the next.
 */
export class PartAssembler {
  readonly #unfinished = new Map<string, { readonly id: string; readonly parts: Uint8Array[]; bytes: number }>();

  /** Adds a part, and returns the bytes of the message if it was the last one. */
  add(sender: string, { id, index, count }: PartPlace, bytes: Uint8Array): Uint8Array | undefined {
    if (index === 0) this.#begin(sender, id);
    const message = this.#unfinished.get(sender);
    if (message?.id !== id || message.parts.length !== index || message.bytes + bytes.length > MAX_MESSAGE_BYTES) {
      this.#unfinished.delete(sender);
      return undefined;
    }
    message.parts.push(bytes);
    message.bytes += bytes.length;
    if (index + 1 < count) return undefined;
    this.#unfinished.delete(sender);
    return Buffer.concat(message.parts);
  }

  #begin(sender: string, id: string): void {
    this.#unfinished.delete(sender);
    const [oldest] = this.#unfinished.size < MAX_UNFINISHED ? [] : this.#unfinished.keys();
    if (oldest !== undefined) this.#unfinished.delete(oldest);
    this.#unfinished.set(sender, { id, parts: [], bytes: 0 });
  }
}
