/**
 * Mixes a microphone and playing media elements into one audio track, with a volume for each.
 *
 * @module
 */

import { stopTracks } from '../../core/media/local-source.ts';
import { captureElement } from './custom-source.ts';

/** A media element in the mix. */
interface Channel {
  readonly gain: GainNode;
  close(): void;
}

/** One mix; volumes are from 0, and 1 is the original volume. */
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
    // Refused before the user has touched the page; browsers allow it while the page captures.
    context.resume().catch(() => {});
  }

  /** The mixed audio. */
  get track(): MediaStreamTrack | undefined {
    return this.#output.stream.getAudioTracks()[0];
  }

  /** Whether media elements are in the mix. */
  get hasElements(): boolean {
    return this.#channels.size > 0;
  }

  /** The volume of the microphone. */
  get inputVolume(): number {
    return this.#inputGain.gain.value;
  }

  set inputVolume(volume: number) {
    this.#inputGain.gain.value = volume;
  }

  /** Replaces the microphone; undefined removes it. */
  setInput(track: MediaStreamTrack | undefined): void {
    this.#input?.disconnect();
    this.#input = track && this.#context.createMediaStreamSource(this.#createStream([track]));
    this.#input?.connect(this.#inputGain);
  }

  /** Adds a media element, which keeps playing; returns false if the browser cannot capture it. */
  add(element: HTMLMediaElement): boolean {
    if (this.#channels.has(element)) return true;
    const stream = captureElement(element);
    if (!stream) return false;
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
    this.#channels.set(element, {
      gain,
      close: () => {
        stream.removeEventListener('addtrack', connect);
        source?.disconnect();
        gain.disconnect();
        stopTracks(stream.getTracks());
      },
    });
    return true;
  }

  /** Removes a media element; returns false if it is not in the mix. */
  remove(element: HTMLMediaElement): boolean {
    this.#channels.get(element)?.close();
    return this.#channels.delete(element);
  }

  /** Removes every media element. */
  removeAll(): void {
    for (const element of [...this.#channels.keys()]) this.remove(element);
  }

  /** Sets the volume of a media element in the mix; returns false if it is not there. */
  setVolume(element: HTMLMediaElement, volume: number): boolean {
    const channel = this.#channels.get(element);
    if (channel) channel.gain.gain.value = volume;
    return channel !== undefined;
  }

  /** Ends the mix and its track. */
  close(): void {
    this.removeAll();
    this.setInput(undefined);
    this.#inputGain.disconnect();
    stopTracks(this.#output.stream.getTracks());
  }
}
