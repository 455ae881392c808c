/**
 * The stage: everyone's tiles and the user's controls, or the banner after the end of the visit.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import type { DeviceKind, Devices } from '../devices.ts';
import type { RoomModel } from '../room-model.ts';
import { isConnected, type OwnStream, type RemoteStream, type RoomState, type User } from '../room-state.ts';
import { useTileWidth } from '../use-tile-width.ts';
import { Banner } from './banner.tsx';
import { ControlBar } from './control-bar.tsx';
import { DeviceFields } from './device-fields.tsx';
import { Dialog } from './dialog.tsx';
import { OwnStreamNotice } from './own-stream-notice.tsx';
import { OwnTile, RemoteTile } from './tile.tsx';

interface Seat {
  readonly key: string;
  readonly user: User;
  readonly stream: RemoteStream | undefined;
  /** Whether this is the user's first tile. */
  readonly isFirst: boolean;
}

/** Returns a tile for each stream of the others, and one for each user without a stream. */
function toSeats({ members, streams }: RoomState): Seat[] {
  const owners = new Map(members.map((user) => [user.userId, user]));
  // A server can announce streams of users who are not in the room.
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
export function Stage(props: { room: RoomModel; devices: Devices; state: RoomState; onRejoin: () => void }) {
  const { room, devices, state, onRejoin } = props;
  // Browsers block audio until the user interacts with the page; a tab that joined automatically starts silent.
  const [soundOn, setSoundOn] = useState(() => navigator.userActivation?.hasBeenActive ?? true);
  const [showsDevices, setShowsDevices] = useState(false);
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
  return (
    <main class="stage" data-testid="stage" aria-busy={phase.kind === 'joining'}>
      <OwnStreamNotice
        own={state.own}
        isConnected={isConnected(phase)}
        onPublish={() => void room.publish()}
        onPublishTest={() => void room.publish('test')}
      />
      <Tiles state={state} soundOn={soundOn} onSoundBlocked={() => setSoundOn(false)} />
      <ControlBar
        room={room}
        state={state}
        soundOn={soundOn}
        onSound={setSoundOn}
        onDevices={() => setShowsDevices(true)}
      />
      {showsDevices && (
        <DevicesDialog
          devices={devices}
          own={state.own}
          onChoose={(kind, id) => void room.setDevice(kind, id)}
          onClose={() => setShowsDevices(false)}
        />
      )}
    </main>
  );
}

function Tiles(props: { state: RoomState; soundOn: boolean; onSoundBlocked: () => void }) {
  const { state, soundOn, onSoundBlocked } = props;
  const { phase } = state;
  const seats = toSeats(state);
  const { stage, width } = useTileWidth(seats.length + 1);
  const isStill = phase.kind === 'reconnecting';
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms. */}
      <div
        class={isStill ? 'tiles still' : 'tiles'}
        ref={stage}
        role="group"
        aria-label="People in the room"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
        tabIndex={0}
        data-testid="tiles"
        style={{ '--tile-width': `${width}px` }}
      >
        <OwnTile user={state.self} own={state.own} isJoining={phase.kind === 'joining'} />
        {seats.map(({ key, user, stream, isFirst }) => (
          <RemoteTile
            key={key}
            user={user}
            stream={stream}
            testId={isFirst ? `tile-${user.userId}` : `tile-${user.userId}/${stream?.streamId}`}
            soundOn={soundOn}
            onSoundBlocked={onSoundBlocked}
          />
        ))}
      </div>
      {seats.length === 0 && phase.kind === 'inside' && (
        <p class="lonely">You are alone here. Open a second tab as another user to see both ends.</p>
      )}
    </>
  );
}

function DevicesDialog(props: {
  devices: Devices;
  own: OwnStream;
  onChoose: (kind: DeviceKind, id: string) => void;
  onClose: () => void;
}) {
  const { devices, own, onChoose, onClose } = props;
  const isCamera = 'media' in own && own.isCamera;
  return (
    <Dialog title="Camera and microphone" testId="devices-dialog" onClose={onClose}>
      <DeviceFields devices={devices} onChoose={onChoose} />
      <p class="hint">
        {isCamera ? 'A change takes effect at once.' : 'This takes effect when you next publish your camera.'}
      </p>
      <div class="dialog-actions">
        <button type="button" class="button primary" data-testid="devices-done" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
