/**
 * The picture-in-picture window: present for the call surface, not supported (reference realtimekit 8.3).
 *
 * @module
 */

import { EventEmitter } from './event-emitter.ts';

/** The events of the picture-in-picture window; none is emitted. */
export interface PipEvents {
  cameraToggled: [];
  micToggled: [];
  hangup: [];
  pipStarted: [];
  pipEnded: [];
}

/** The picture-in-picture window. `isSupported` is false, and the vendor's UI kit then offers none; the other calls do nothing. */
export class Pip extends EventEmitter<PipEvents> {
  /** Whether the window can be opened. */
  isSupported(): boolean {
    return false;
  }

  /** Whether the window is open. */
  get isActive(): boolean {
    return false;
  }

  init(_size: { readonly height?: number; readonly width?: number } = {}): void {}

  async overrideIcon(_icon: 'handRaise' | 'pin', _value: string): Promise<void> {}

  addSource(
    _id: string,
    _element: HTMLVideoElement,
    _enabled: boolean,
    _pinned?: boolean,
    _displayText?: string,
    _imageUrl?: string,
    _handRaised?: boolean,
  ): void {}

  updateSource(_id: string, _source: unknown): void {}

  removeSource(_id: string): void {}

  removePinnedSource(): void {}

  removeAllSources(): void {}

  enableSource(_source: string): void {}

  disableSource(_source: string): void {}

  enable(): void {}

  disable(_partial?: boolean): void {}
}
