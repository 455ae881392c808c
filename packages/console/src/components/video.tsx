/**
 * A video element that shows a MediaStream.
 *
 * @module
 */

import { useEffect, useRef } from 'preact/hooks';

/** The properties of a video. */
export interface VideoProps {
  readonly media: MediaStream;
  readonly muted: boolean;
  readonly label: string;
  /** Hides the picture but keeps the sound. */
  readonly isHidden?: boolean;
  readonly isMirrored?: boolean;
  /** Called when the browser blocks the sound; the picture keeps playing. */
  readonly onSoundBlocked?: () => void;
}

/** A video element that shows a MediaStream. */
export function Video({ media, muted, label, isHidden = false, isMirrored = false, onSoundBlocked }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.muted = muted;
    if (video.srcObject !== media) video.srcObject = media;
    video.play().catch((error: unknown) => {
      // AbortError only means that a newer call superseded this one.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return;
      video.muted = true;
      onSoundBlocked?.();
      video.play().catch(() => {});
    });
  }, [media, muted, onSoundBlocked]);
  return (
    // biome-ignore lint/a11y/useMediaCaption: live video has no captions.
    <video
      ref={element}
      class={isMirrored ? 'mirrored' : undefined}
      playsInline
      autoPlay
      hidden={isHidden}
      // A portrait picture is shown whole; one with about the tile's aspect ratio fills the tile.
      onResize={(event) => {
        const { videoWidth, videoHeight } = event.currentTarget;
        event.currentTarget.classList.toggle('upright', videoHeight > 0 && videoWidth / videoHeight < 1.2);
      }}
      aria-label={`Picture of ${label}`}
    />
  );
}
