/**
 * Mixes a microphone and playing media elements into one audio track, with a volume for each.
 *
 * @module
 */

import { stopTracks } from '../../core/media/local-source.ts';

export { startAudio } from './audio-start.ts';

/** A media element in the mix. */
export interface MixedElement {
  /** What the element plays. */
  readonly stream: MediaStream;
  /** From 0; 1 is the original volume. */
  readonly volume: number;
}

interface Channel {
  readonly gain: GainNode;
  close(): void;
}

/** One mix. */
export class AudioMixer {
  readonly #context: AudioContext;
  readonly #createStream: (tracks: readonly MediaStreamTrack[]) => MediaStream;
  readonly #output: MediaStreamAudioDestinationNode;
  readonly #inputGain: GainNode;
  readonly #channels = new Map<HTMLMediaElement, Channel>();
  #input: MediaStreamAudioSourceNode | undefined;

  constructor(context: AudioContext, createStream: (tracks: readonly MediaStreamTrack[]) => MediaStream) {
    this.#context = context;
    this.#createStream = createStream;
    this.#output = context.createMediaStreamDestination();
    this.#inputGain = context.createGain();
    this.#inputGain.connect(this.#output);
  }

  /** The mixed audio. */
  get track(): MediaStreamTrack | undefined {
    return this.#output.stream.getAudioTracks()[0];
  }

  /** Replaces the microphone; undefined removes it. */
  setInput(track: MediaStreamTrack | undefined): void {
    this.#input?.disconnect();
    this.#input = track && this.#context.createMediaStreamSource(this.#createStream([track]));
    this.#input?.connect(this.#inputGain);
  }

  /** Mixes these elements and no others, and sets the volume of the microphone. */
  update(elements: ReadonlyMap<HTMLMediaElement, MixedElement>, inputVolume: number): void {
    this.#inputGain.gain.value = inputVolume;
    for (const [element, channel] of this.#channels) {
      if (elements.has(element)) continue;
      channel.close();
      this.#channels.delete(element);
    }
    for (const [element, { stream, volume }] of elements) {
      const channel = this.#channels.get(element) ?? this.#open(stream);
      channel.gain.gain.value = volume;
      this.#channels.set(element, channel);
    }
  }

  /** Ends the mix and its track. */
  close(): void {
    this.update(new Map(), 0);
    this.setInput(undefined);
    this.#inputGain.disconnect();
    stopTracks(this.#output.stream.getTracks());
  }

  #open(stream: MediaStream): Channel {
    const gain = this.#context.createGain();
    gain.connect(this.#output);
    let source: MediaStreamAudioSourceNode | undefined;
    // The element's next file comes as a new track.
    const connect = () => {
      source?.disconnect();
      const track = stream.getAudioTracks().at(-1);
      source = track && this.#context.createMediaStreamSource(this.#createStream([track]));
      source?.connect(gain);
    };
    connect();
    stream.addEventListener('addtrack', connect);
    const close = () => {
      stream.removeEventListener('addtrack', connect);
      source?.disconnect();
      gain.disconnect();
    };
    return { gain, close };
  }
}
