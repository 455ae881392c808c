/**
 * What the engine finds in offers, and adds to them and to their answers.
 *
 * @module
 */

import type { ItemResult, MediaKinds } from './engine.ts';
import type { StreamEntry } from './engine-registry.ts';
import type { WorkerSubscribeItem } from './ipc.ts';

/** No kind is blocked. */
export const NOT_BLOCKED: MediaKinds = { audio: false, video: false };

/** What a worker needs to recreate a stream; nothing if it has never been published. */
export function createRevival(entry: StreamEntry | undefined): Pick<WorkerSubscribeItem, 'revive'> {
  return entry?.shape === undefined ? {} : { revive: { shape: entry.shape, blocked: entry.blocked } };
}

/** The result of an item whose stream was closed before the answer. */
export function createClosedResult(stream: string): ItemResult {
  return { error: 'no-such-stream', message: `${stream} was closed before the offer was answered` };
}

/** Finds the fingerprint that identifies a connection; empty without one. It is validated by the worker. */
export function findFingerprint(offer: string): string {
  return /^a=fingerprint:(.*)$/m.exec(offer)?.[1]?.trim() ?? '';
}
