/**
 * A video element that shows a MediaStream.
 *
 * @module
 */

import { useEffect, useRef } from 'preact/hooks';

/** What a video needs. */
export interface VideoProps {
  readonly media: MediaStream;
  readonly muted: boolean;
  readonly label: string;
  /** Keeps the sound and hides the picture. */
  readonly isHidden?: boolean;
  readonly isMirrored?: boolean;
  /** Told when the browser does not let it sound; the picture goes on. */
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
      // AbortError only says that a newer call took over.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return;
      video.muted = true;
      onSoundBlocked?.();
      video.play().catch(() => {});
    });
  }, [media, muted, onSoundBlocked]);
  return (
    // biome-ignore lint/a11y/useMediaCaption: a live picture has no captions.
    <video
      ref={element}
      class={isMirrored ? 'mirrored' : undefined}
      playsInline
      autoPlay
      hidden={isHidden}
      // A picture that is upright is shown whole; one that is about as wide as its tile fills it.
      onResize={(event) => {
        const { videoWidth, videoHeight } = event.currentTarget;
        event.currentTarget.classList.toggle('upright', videoHeight > 0 && videoWidth / videoHeight < 1.2);
      }}
      aria-label={`Picture of ${label}`}
    />
  );
}
