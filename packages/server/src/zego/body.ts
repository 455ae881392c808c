/**
 * The body of a POST: a JSON object with business parameters (ACC-1).
 *
 * @module
 */

import type { Readable } from 'node:stream';
import { CODES, type ReturnCode } from './codes.ts';

/** Maximum size of a body, in bytes; the parameters of any Action are far smaller. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Maximum size of a body whose call is not signed correctly, in bytes: it is only searched for hints. */
export const MAX_UNSIGNED_BODY_BYTES = 4096;

/** Number of characters of an unreadable body that are searched for form fields. */
const MAX_FORM_CHARS = 4096;

/** A received body. Its errors are answered at their place in the order of checks (ACC-2). */
export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly kind: 'refused'; readonly code: ReturnCode; readonly formNames?: ReadonlySet<string> };

/** No body at all. */
export const NO_BODY: Body = { kind: 'none' };
/** A body that cannot be read: too large, truncated, not JSON, or not UTF-8. */
const UNREADABLE_BODY: Body = { kind: 'refused', code: CODES.bodyUnreadable };

/** Reads a body to its end and keeps at most `maxBytes`. Never throws. */
export async function readBody(stream: Readable, maxBytes: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      // The rest is read and discarded: a caller that is disconnected while it writes would never see the response.
      if (bytes <= maxBytes) chunks.push(chunk);
    }
  } catch {
    return UNREADABLE_BODY;
  }
  return bytes > maxBytes ? UNREADABLE_BODY : parseBody(Buffer.concat(chunks));
}

/** Returns whether a body has a field, even if it is form-encoded and therefore refused; for hints in messages. */
export function hasField(body: Body, name: string): boolean {
  if (body.kind === 'object') return body.fields.has(name);
  return body.kind === 'refused' && (body.formNames?.has(name) ?? false);
}

/** Parses a body: code 100000012 if it is not JSON, code 2 if it is not an object. */
export function parseBody(bytes: Uint8Array): Body {
  if (bytes.length === 0) return NO_BODY;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { kind: 'refused', code: CODES.parameterWrong };
    }
    return { kind: 'object', fields: new Map(Object.entries(value)) };
  } catch {
    const formNames = new Set(new URLSearchParams(text.slice(0, MAX_FORM_CHARS)).keys());
    return { kind: 'refused', code: CODES.bodyUnreadable, formNames };
  }
}
