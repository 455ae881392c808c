/**
 * The views of an engine, one for each stream.
 *
 * @module
 */

import { CODES, refusal } from '../errors.ts';
import { isMediaStream } from '../streams/custom-source.ts';
import { type AddView, ZegoStreamView } from './stream-view.ts';

/** The views of an engine; they end with their streams. */
export class Views {
  readonly #document: Document | undefined;
  readonly #views = new Map<MediaStream, ZegoStreamView>();

  constructor(document: Document | undefined) {
    this.#document = document;
  }

  /** Returns the view of a stream; `addView` is that of a played one. @throws ZegoServerResponse 1100001 for anything else, or without a page */
  create(stream: MediaStream, addView?: AddView): ZegoStreamView {
    if (!isMediaStream(stream)) throw refusal(CODES.badParameter, 'a view shows a MediaStream');
    if (!this.#document) throw refusal(CODES.badParameter, 'there is no page to show it in');
    const view = this.#views.get(stream) ?? new ZegoStreamView(this.#document, stream, addView);
    this.#views.set(stream, view);
    return view;
  }

  /** Removes the view of a stream from the page. */
  close(stream: MediaStream): void {
    this.#views.get(stream)?.stop();
    this.#views.delete(stream);
  }

  /** Removes every view from the page. */
  closeAll(): void {
    for (const stream of [...this.#views.keys()]) this.close(stream);
  }
}
