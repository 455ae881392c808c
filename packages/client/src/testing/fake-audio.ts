/**
 * Web Audio without sound: nodes that remember what they are connected to. For tests only.
 *
 * @module
 */

import { FakeStream, FakeTrack } from './fake-stream.ts';

/** A node of the graph. */
export class FakeNode {
  readonly gain = { value: 1 };
  fftSize = 2_048;
  readonly inputs = new Set<FakeNode>();
  /** The stream of a source or a destination. */
  readonly stream: FakeStream;
  readonly #audio: FakeAudio;
  readonly #outputs = new Set<FakeNode>();

  constructor(audio: FakeAudio, stream: FakeStream) {
    this.#audio = audio;
    this.stream = stream;
  }

  connect(to: FakeNode): FakeNode {
    to.inputs.add(this);
    this.#outputs.add(to);
    return to;
  }

  disconnect(): void {
    for (const node of this.#outputs) node.inputs.delete(this);
    this.#outputs.clear();
  }

  /** The live and enabled tracks that arrive here, with the product of the gains on their way. */
  heard(): Map<string, number> {
    const heard = new Map<string, number>();
    for (const input of this.inputs) {
      for (const [id, volume] of input.heard()) heard.set(id, volume * this.gain.value);
      if (input.inputs.size > 0) continue;
      for (const track of input.stream.getAudioTracks()) {
        if (track.enabled && track.readyState === 'live') heard.set(track.id, this.gain.value);
      }
    }
    return heard;
  }

  getFloatTimeDomainData(samples: Float32Array): void {
    samples.fill(this.heard().size > 0 ? this.#audio.level : 0);
  }
}

/** Makes audio contexts and keeps what they made. */
export class FakeAudio {
  /** The peak of every track that is heard, from 0 to 1. */
  level = 0.5;
  openContexts = 0;
  /** Whether contexts do not start yet, as before the user has touched the page. */
  refusesStart = false;
  readonly destinations: FakeNode[] = [];

  /** The tracks in the mix of the newest destination, with their volumes. */
  mix(): Record<string, number> {
    return Object.fromEntries(this.destinations.at(-1)?.heard() ?? []);
  }

  createContext() {
    let isOpen = true;
    let waiting: (() => void)[] = [];
    let refuseWaiting: ((error: unknown) => void)[] = [];
    this.openContexts += 1;
    const create = (stream = new FakeStream()) => {
      if (!isOpen) throw new DOMException('the context is closed', 'InvalidStateError');
      return new FakeNode(this, stream);
    };
    return {
      createGain: () => create(),
      createAnalyser: () => create(),
      createMediaStreamSource: (stream: FakeStream) => {
        if (stream.getAudioTracks().length === 0) throw new DOMException('there is no audio', 'InvalidStateError');
        return create(stream);
      },
      createMediaStreamDestination: () => {
        const node = create(new FakeStream([new FakeTrack('audio', `mix-${this.destinations.length + 1}`)]));
        this.destinations.push(node);
        return node;
      },
      // Stays pending while the browser refuses it, and is settled by a later call or by `close`.
      resume: () =>
        new Promise<void>((resolve, reject) => {
          waiting.push(resolve);
          refuseWaiting.push(reject);
          if (this.refusesStart) return;
          for (const start of waiting) start();
          waiting = [];
          refuseWaiting = [];
        }),
      close: async () => {
        if (!isOpen) throw new DOMException('the context is closed', 'InvalidStateError');
        isOpen = false;
        this.openContexts -= 1;
        for (const refuse of refuseWaiting) refuse(new DOMException('the context is closed', 'InvalidStateError'));
      },
    };
  }
}
