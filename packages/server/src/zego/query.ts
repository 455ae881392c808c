/**
 * The query of a call. It is decoded here and not by the HTTP framework, because the raw text must stay distinguishable from the decoded text.
 *
 * A value that cannot be decoded (a broken `%`, bytes that are not UTF-8) is kept and marked, so that it affects only
 * the call that reads it.
 *
 * @module
 */

/** A value as it was sent. */
export interface QueryValue {
  /** The decoded text. If `intact` is false, U+FFFD replaces the parts that are not text. */
  readonly text: string;
  /** Whether the whole value could be decoded. */
  readonly intact: boolean;
}

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
/** `X[]`, `X[0]`, and `X[][0]`, which PHP clients such as Laravel's send for a list named `X[]`. */
const LIST_NAME = /^(.+?)(?:\[\d{0,9}\]){1,2}$/s;
const PLAIN = /^[!-$&-*,-~]*$/;

// A leading byte order mark is part of the text: a reason arrives byte for byte (KICK-11).
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

/** Decodes form encoding: `%XX` is a byte, `+` is a space, every other character is itself. */
function decodeText(raw: string): QueryValue {
  if (PLAIN.test(raw)) return { text: raw, intact: true };
  return decodeWhole(raw) ?? decodeBytes(raw);
}

/** Decodes a value with the engine's own decoder; undefined if a part of it cannot be decoded. */
function decodeWhole(raw: string): QueryValue | undefined {
  try {
    return { text: decodeURIComponent(raw.replaceAll('+', ' ')), intact: true };
  } catch {
    return undefined;
  }
}

/** Decodes the parts of a value that are text. */
function decodeBytes(raw: string): QueryValue {
  // One character is one byte: the HTTP server answers 400 to a request line that is not ASCII.
  const source = Buffer.from(raw, 'latin1');
  const target = Buffer.alloc(source.length);
  let length = 0;
  let isTorn = false;
  for (let at = 0; at < source.length; at += 1) {
    let byte = source[at] ?? 0;
    if (byte === PLUS) byte = SPACE;
    else if (byte === PERCENT) {
      const high = hexDigit(source[at + 1]);
      const low = hexDigit(source[at + 2]);
      if (high < 0 || low < 0) isTorn = true;
      else {
        byte = high * 16 + low;
        at += 2;
      }
    }
    target[length] = byte;
    length += 1;
  }
  return { text: `${lossy.decode(target.subarray(0, length))}${isTorn ? '\ufffd' : ''}`, intact: false };
}

/** The parameters of a URL's query, by name. Names are case-sensitive. */
export class Query {
  readonly #values = new Map<string, QueryValue[]>();

  /** @param url a request target, such as `/?Action=X&RoomId=r` */
  constructor(url: string) {
    const start = url.indexOf('?');
    if (start < 0) return;
    for (const pair of url.slice(start + 1).split('&')) {
      if (pair !== '') this.#add(pair);
    }
  }

  #add(pair: string): void {
    const equals = pair.indexOf('=');
    const name = decodeText(equals < 0 ? pair : pair.slice(0, equals));
    // A name that cannot be decoded counts as unknown, and unknown names are ignored (ACC-4).
    if (!name.intact) return;
    const value = decodeText(equals < 0 ? '' : pair.slice(equals + 1));
    const listName = name.text.endsWith(']') ? LIST_NAME.exec(name.text)?.[1] : undefined;
    const key = listName ?? name.text;
    const known = this.#values.get(key);
    if (known) known.push(value);
    else this.#values.set(key, [value]);
  }

  /** Returns whether a parameter is present, empty or not, in any spelling. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /**
   * Returns a parameter that has one value, in any spelling of ACC-4, or undefined if it is absent.
   *
   * If it was sent twice with the same text, the value is that text. With different texts it is ambiguous, and the value is not intact.
   */
  scalar(name: string): QueryValue | undefined {
    const values = this.#values.get(name);
    const first = values?.[0];
    if (!values || !first) return undefined;
    const agreed = values.every((value) => value.intact && value.text === first.text);
    return values.length === 1 || agreed ? first : { text: '\ufffd', intact: false };
  }

  /** Returns a list in any spelling of ACC-4, in the order in which its elements were sent; empty if it is absent. */
  list(name: string): readonly QueryValue[] {
    return this.#values.get(name) ?? [];
  }
}
