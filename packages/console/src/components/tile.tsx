/**
 * One user's tile: the picture or a placeholder, and its state.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { formatFrames, formatRate } from '../quality.ts';
import type { OwnStream, Quality, RemoteStream, User } from '../room-state.ts';
import { hueOf, initialsOf } from '../user-look.ts';
import { Icon } from './icons.tsx';
import { Video } from './video.tsx';

/** This page's own tile. */
export function OwnTile({ user, own, isJoining }: { user: User; own: OwnStream; isJoining: boolean }) {
  const live = 'media' in own ? own : undefined;
  const showsVideo = live?.cameraOn === true && live.media.getVideoTracks().length > 0;
  const note = isJoining ? 'Joining …' : OWN_NOTES[own.kind];
  return (
    <Tile
      user={user}
      isOwn
      testId={`tile-${user.userId}`}
      streamId={live?.streamId}
      play={live ? (live.kind === 'live' ? 'playing' : 'requesting') : 'none'}
      micOn={live?.micOn ?? true}
      quality={live?.quality}
      note={showsVideo ? '' : live && !live.cameraOn ? 'Camera off' : note}
      pending={own.kind === 'requesting' ? 'Publishing …' : ''}
    >
      {showsVideo && <Video media={live.media} muted isMirrored={live.isCamera} label="You" />}
    </Tile>
  );
}

const OWN_NOTES: Readonly<Record<OwnStream['kind'], string>> = {
  none: 'Not publishing',
  opening: 'Waiting for camera and microphone …',
  requesting: 'Publishing …',
  live: 'Sound only',
  removed: 'Stream removed by the server',
  failed: 'Not publishing',
};

/** The tile of another user. */
export function RemoteTile(props: {
  user: User;
  stream: RemoteStream | undefined;
  testId: string;
  soundOn: boolean;
  onSoundBlocked: () => void;
}) {
  const { user, stream, testId, soundOn, onSoundBlocked } = props;
  const isStopped = stream?.play.kind === 'stopped';
  const media = isStopped ? undefined : stream?.media;
  const showsVideo = stream?.cameraOn === true && media !== undefined;
  return (
    <Tile
      user={user}
      isOwn={false}
      testId={testId}
      streamId={stream?.streamId}
      play={stream?.play.kind ?? 'none'}
      micOn={stream?.micOn ?? true}
      quality={stream?.quality}
      note={showsVideo ? '' : noteOf(stream)}
      pending={showsVideo && stream.play.kind === 'requesting' ? 'Loading …' : ''}
    >
      {media && (
        <Video
          media={media}
          muted={!soundOn}
          isHidden={!showsVideo}
          label={user.userName}
          onSoundBlocked={onSoundBlocked}
        />
      )}
    </Tile>
  );
}

function noteOf(stream: RemoteStream | undefined): string {
  if (!stream) return 'In the room, not publishing';
  if (stream.play.kind === 'stopped') return stream.play.error?.text ?? 'Playback stopped';
  if (!stream.cameraOn) return 'Camera off';
  return 'Loading …';
}

interface TileProps {
  readonly user: User;
  readonly isOwn: boolean;
  readonly testId: string;
  readonly streamId: string | undefined;
  readonly play: string;
  readonly micOn: boolean;
  readonly quality: Quality | undefined;
  /** Shown instead of a picture. */
  readonly note: string;
  /** Shown over the picture. */
  readonly pending: string;
  readonly children: ComponentChildren;
}

function Tile({ user, isOwn, testId, streamId, play, micOn, quality, note, pending, children }: TileProps) {
  return (
    <figure
      class={isOwn ? 'tile own' : 'tile'}
      style={{ '--hue': hueOf(user.userId) }}
      data-testid={testId}
      data-stream-id={streamId ?? ''}
      data-play={play}
      data-own={isOwn}
    >
      {children}
      {note && (
        <div class="tile-empty">
          <span class="avatar large" aria-hidden="true">
            {initialsOf(user.userName)}
          </span>
          <span class="tile-note">{note}</span>
        </div>
      )}
      <div class="tile-top">
        {pending && <span class="badge">{pending}</span>}
        {quality && (
          <span class="badge" data-testid={`quality-${streamId}`}>
            {formatRate(quality)}
            <span class="badge-more"> · {formatFrames(quality)}</span>
          </span>
        )}
      </div>
      <figcaption>
        {!micOn && (
          <span class="tile-muted">
            <Icon name="mic-off" />
            <span class="visually-hidden">muted</span>
          </span>
        )}
        <span class="tile-name">
          <span class="tile-name-text">{user.userName}</span>
          {isOwn && <span class="tag">you</span>}
        </span>
        <span class="tile-stream">{streamId ?? user.userId}</span>
      </figcaption>
    </figure>
  );
}
