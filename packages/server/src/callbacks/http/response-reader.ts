/**
 * Reads the response of one HTTP/1.1 request (RFC 9112): its status, and where it ends.
 *
 * The body is not kept. A response whose end is not certain does not break anything: its connection is not used again.
 *
 * @module
 */

/** A response that has arrived. */
export interface ReadResponse {
  readonly status: number;
  /** How long the connection may stay idle before the next request, in milliseconds; 0 if it must not be used again. */
  readonly reusableMs: number;
}

/** What follows the bytes that were read. */
type Part =
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; leftBytes: number }
  /** A body in chunks: the line with the size of the next one. */
  | { readonly kind: 'chunk-size' }
  /** A chunk with the line end after it. */
  | { readonly kind: 'chunk'; leftBytes: number }
  | { readonly kind: 'trailer' }
  /** The body ends with the connection. */
  | { readonly kind: 'rest' };

/** The head of a response. */
interface Head {
  readonly status: number;
  readonly reusableMs: number;
  readonly body: Part | undefined;
}

/** Maximum size of a response's head, and of its body, in bytes: after that, the connection is closed instead of read to the end. */
export const MAX_RESPONSE_BYTES = 16 * 1024;
/** How long connections stay idle, unless the server announces less. */
const IDLE_MS = 4000;
/** The server's announcement is shortened by this: a request that is on its way when the server closes would be lost. */
const IDLE_MARGIN_MS = 1000;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;
const CHUNK_SIZE = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i;
const LINE_END = '\r\n';

/** Reads one response. */
export class ResponseReader {
  #part: Part = { kind: 'head' };
  /** Bytes of a head or a line whose end has not arrived. */
  #text = '';
  #head: Head | undefined;
  #bodyBytes = 0;

  /** The status, as soon as the head has arrived. */
  get status(): number | undefined {
    return this.#head?.status;
  }

  /**
   * Reads what has arrived. Returns the response when it is complete, or so long that its end is of no interest.
   *
   * @throws Error if it is not a response of HTTP/1.1
   */
  push(bytes: Buffer): ReadResponse | undefined {
    for (let offset = 0; ; ) {
      switch (this.#part.kind) {
        case 'head': {
          // In Latin-1 each byte is a character: positions in the text are positions in the bytes.
          const text = this.#text + bytes.toString('latin1', offset);
          const end = text.indexOf(LINE_END + LINE_END);
          if (end < 0) return this.#wait(text);
          offset = end + 4 - this.#text.length + offset;
          this.#text = '';
          const head = parseHead(text.slice(0, end));
          // An interim response is followed by the real one; after 101 the connection is no longer HTTP.
          if (head.status < 200 && head.status !== 101) break;
          this.#head = head;
          if (!head.body) return this.#finish(offset === bytes.length);
          this.#part = head.body;
          break;
        }
        case 'body':
        case 'chunk': {
          const count = Math.min(this.#part.leftBytes, bytes.length - offset);
          this.#part.leftBytes -= count;
          this.#bodyBytes += count;
          offset += count;
          if (this.#bodyBytes > MAX_RESPONSE_BYTES) return this.#finish(false);
          if (this.#part.leftBytes > 0) return undefined;
          if (this.#part.kind === 'body') return this.#finish(offset === bytes.length);
          this.#part = { kind: 'chunk-size' };
          break;
        }
        case 'chunk-size':
        case 'trailer': {
          const text = this.#text + bytes.toString('latin1', offset);
          const end = text.indexOf(LINE_END);
          if (end < 0) return this.#wait(text);
          offset = end + 2 - this.#text.length + offset;
          this.#text = '';
          const line = text.slice(0, end);
          if (this.#part.kind === 'chunk-size') this.#part = partOfChunk(line);
          else if (line === '') return this.#finish(offset === bytes.length);
          this.#bodyBytes += end + 2;
          if (this.#bodyBytes > MAX_RESPONSE_BYTES || this.#part.kind === 'rest') return this.#finish(false);
          break;
        }
        case 'rest':
          this.#bodyBytes += bytes.length - offset;
          return this.#bodyBytes > MAX_RESPONSE_BYTES ? this.#finish(false) : undefined;
      }
    }
  }

  /** Returns the response if it ends with its connection; undefined if it was cut off. */
  end(): ReadResponse | undefined {
    return this.#part.kind === 'rest' ? this.#finish(false) : undefined;
  }

  #wait(text: string): ReadResponse | undefined {
    this.#text = text;
    if (text.length <= MAX_RESPONSE_BYTES) return undefined;
    if (!this.#head) throw new Error('the head of the response is too long');
    return this.#finish(false);
  }

  #finish(isExact: boolean): ReadResponse {
    const { status, reusableMs } = this.#head as Head;
    return { status, reusableMs: isExact ? reusableMs : 0 };
  }
}

/** @throws Error if it does not begin with a status line */
function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split(LINE_END);
  const [, minor, digits] = STATUS_LINE.exec(first) ?? [];
  if (digits === undefined) throw new Error('the response is not HTTP/1.1');
  const status = Number(digits);
  const fields = fieldsOf(lines);
  const body = bodyOf(status, fields);
  const isKept =
    minor === '1' && status !== 101 && body?.kind !== 'rest' && !/\bclose\b/i.test(fields.connection ?? '');
  return { status, body, reusableMs: isKept ? idleMsOf(fields['keep-alive']) : 0 };
}

/** The fields that matter here, by lower-case name. */
type Fields = Partial<Record<'connection' | 'content-length' | 'keep-alive' | 'transfer-encoding', string>>;

const FIELD = /^(connection|content-length|keep-alive|transfer-encoding):[ \t]*(.*?)[ \t]*$/i;

function fieldsOf(lines: readonly string[]): Fields {
  const fields: Fields = {};
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase() as keyof Fields;
    const known = fields[key];
    // Several fields of a name are a list. Two lengths are then no number: the end is not certain.
    fields[key] = known === undefined ? value : `${known}, ${value}`;
  }
  return fields;
}

/** Returns how the body arrives; undefined if there is none. */
function bodyOf(status: number, fields: Fields): Part | undefined {
  if (status < 200 || status === 204 || status === 304) return undefined;
  const encoding = fields['transfer-encoding'];
  const length = fields['content-length'];
  if (encoding !== undefined) {
    const isCertain = encoding.toLowerCase() === 'chunked' && length === undefined;
    return { kind: isCertain ? 'chunk-size' : 'rest' };
  }
  if (length === undefined || !/^\d{1,15}$/.test(length)) return { kind: 'rest' };
  const leftBytes = Number(length);
  return leftBytes === 0 ? undefined : { kind: 'body', leftBytes };
}

function idleMsOf(keepAlive: string | undefined): number {
  const [, seconds] = /\btimeout=(\d{1,6})\b/i.exec(keepAlive ?? '') ?? [];
  return seconds === undefined ? IDLE_MS : Math.max(0, Math.min(IDLE_MS, Number(seconds) * 1000 - IDLE_MARGIN_MS));
}

/** Returns what follows the line with the size of a chunk. */
function partOfChunk(line: string): Part {
  const [, size] = CHUNK_SIZE.exec(line) ?? [];
  if (size === undefined) return { kind: 'rest' };
  const bytes = Number.parseInt(size, 16);
  return bytes === 0 ? { kind: 'trailer' } : { kind: 'chunk', leftBytes: bytes + LINE_END.length };
}
