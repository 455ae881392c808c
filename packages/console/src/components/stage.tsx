/**
 * The stage: everyone's tiles and the own controls, or how the visit ended.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import type { RoomModel } from '../room-model.ts';
import type { RemoteStream, RoomState, User } from '../room-state.ts';
import { Banner } from './banner.tsx';
import { ControlBar } from './control-bar.tsx';
import { OwnStreamNotice } from './own-stream-notice.tsx';
import { OwnTile, RemoteTile } from './tile.tsx';

interface Seat {
  readonly key: string;
  readonly user: User;
  readonly stream: RemoteStream | undefined;
  /** Whether this is the user's first tile. */
  readonly isFirst: boolean;
}

/** Gives a tile for each stream of the others, and one for each who has none. */
function toSeats({ members, streams }: RoomState): Seat[] {
  const owners = new Map(members.map((user) => [user.userId, user]));
  // A stream may belong to somebody who is not in the room: a server can announce such.
  for (const { user } of streams) if (!owners.has(user.userId)) owners.set(user.userId, user);
  return [...owners.values()].flatMap((user): Seat[] => {
    const own = streams.filter((stream) => stream.user.userId === user.userId);
    if (own.length === 0) return [{ key: user.userId, user, stream: undefined, isFirst: true }];
    return own.map((stream, index) => ({
      key: `${user.userId}/${index === 0 ? '' : stream.streamId}`,
      user,
      stream,
      isFirst: index === 0,
    }));
  });
}

/** The stage. */
export function Stage({ room, state, onRejoin }: { room: RoomModel; state: RoomState; onRejoin: () => void }) {
  // A browser lets a page sound only after the user has touched it; a tab that joined by itself begins silent.
  const [soundOn, setSoundOn] = useState(() => navigator.userActivation?.hasBeenActive ?? true);
  const { phase } = state;
  if (phase.kind === 'ended') {
    return (
      <main class="stage" data-testid="stage">
        <Banner
          ending={phase.ending}
          roomId={state.roomId}
          onRejoin={onRejoin}
          onDismiss={() => room.dismissEnding()}
        />
      </main>
    );
  }
  const seats = toSeats(state);
  return (
    <main class="stage" data-testid="stage" aria-busy={phase.kind === 'joining'}>
      <OwnStreamNotice
        own={state.own}
        onPublish={() => void room.publish()}
        onPublishTest={() => void room.publish('test')}
      />
      <div class="tiles" data-count={Math.min(seats.length + 1, 5)}>
        <OwnTile user={state.self} own={state.own} isJoining={phase.kind === 'joining'} />
        {seats.map(({ key, user, stream, isFirst }) => (
          <RemoteTile
            key={key}
            user={user}
            stream={stream}
            testId={isFirst ? `tile-${user.userId}` : `tile-${user.userId}/${stream?.streamId}`}
            soundOn={soundOn}
            onSoundBlocked={() => setSoundOn(false)}
          />
        ))}
      </div>
      {seats.length === 0 && phase.kind === 'inside' && (
        <p class="lonely">You are alone here. Open a second tab as another user to see both ends.</p>
      )}
      <ControlBar room={room} state={state} soundOn={soundOn} onSound={setSoundOn} />
    </main>
  );
}
