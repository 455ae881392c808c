/**
 * The server's state of one member's streams, for comparison with the client's desired state. For tests only.
 *
 * @module
 */

import type { Params, PublishParams } from '@gavel/protocol';
import type { FakeServer } from './fake-server.ts';

/** The attributes of a stream that other members see. */
export interface StreamFacts {
  readonly audio: boolean;
  readonly video: boolean;
}

/**
 * Stores streams as the server does: only the first offer and `updateStream` set attributes, and a logout or a login that
 * resets the member removes its streams. With `isSilent` requests are applied but not answered; with `isDeaf` they are ignored.
 */
export class FakeStreams {
  readonly facts = new Map<string, StreamFacts>();
  isSilent = false;
  isDeaf = false;

  constructor(server: FakeServer) {
    server.answers.publish = (params) => this.#answer(() => this.#publish(params));
    server.answers.updateStream = (params) => this.#answer(() => this.#update(params));
    server.answers.unpublish = ({ streamId }) => this.#answer(() => ({ done: this.facts.delete(streamId) }));
    server.answers.logout = () =>
      this.#answer(() => {
        this.facts.clear();
        return {};
      });
  }

  #answer(handle: () => object): object | undefined {
    if (this.isDeaf) return undefined;
    const answer = handle();
    return this.isSilent ? undefined : answer;
  }

  #publish({ streamId, audio = true, video = true }: PublishParams): object {
    if (!this.facts.has(streamId)) this.facts.set(streamId, { audio, video });
    return { audio: true, video: true };
  }

  #update({ streamId, audio, video }: Params<'updateStream'>): object {
    const before = this.facts.get(streamId);
    if (!before) return { refuse: 'stream.not-found' };
    this.facts.set(streamId, { audio: audio ?? before.audio, video: video ?? before.video });
    return {};
  }
}
