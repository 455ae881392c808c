/**
 * The dialogs that close a room, end a stream and mute a person.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { act, previewAct, type RoomAct } from '../api/actions.ts';
import { ActDialog } from '../components/act-dialog.tsx';
import { useConsole } from '../context.ts';
import type { RoomRef } from '../routes.ts';

/** The properties that the dialogs share. */
interface RoomActProps {
  readonly room: RoomRef;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Closes a room: everybody is removed. */
export function CloseRoomDialog(props: RoomActProps) {
  const { roomId } = props.room;
  return (
    <RoomActDialog
      {...props}
      title={`Close ${roomId}`}
      confirmLabel="Close the room"
      done={`${roomId} is closed.`}
      request={{ type: 'close' }}
    />
  );
}

/** Ends a stream; its publisher stays in the room. */
export function DeleteStreamDialog({ streamId, ...props }: RoomActProps & { readonly streamId: string }) {
  return (
    <RoomActDialog
      {...props}
      title={`End the stream ${streamId}`}
      confirmLabel="End the stream"
      done={`The stream ${streamId} has ended.`}
      request={{ type: 'delete-stream', streamId }}
    />
  );
}

/** Mutes a person; they can unmute themselves. */
export function MuteDialog({ userId, ...props }: RoomActProps & { readonly userId: string }) {
  const [kinds, setKinds] = useState({ audio: true, video: false });
  const toggle = (kind: 'audio' | 'video') => setKinds({ ...kinds, [kind]: !kinds[kind] });
  return (
    <RoomActDialog
      {...props}
      title={`Mute ${userId}`}
      confirmLabel="Mute"
      done={`${userId} is muted.`}
      request={{ type: 'mute', userIds: [userId], ...kinds }}
    >
      <fieldset class="checks">
        <legend class="visually-hidden">What is muted</legend>
        <label>
          <input type="checkbox" checked={kinds.audio} onChange={() => toggle('audio')} /> Sound
        </label>
        <label>
          <input type="checkbox" checked={kinds.video} onChange={() => toggle('video')} /> Camera
        </label>
      </fieldset>
    </RoomActDialog>
  );
}

function RoomActDialog(
  props: RoomActProps & {
    readonly title: string;
    readonly confirmLabel: string;
    /** The message after it is done. */
    readonly done: string;
    readonly request: RoomAct;
    readonly children?: ComponentChildren;
  },
) {
  const { room, title, confirmLabel, done, request, onClose, onDone, children } = props;
  const { client, notices } = useConsole();
  return (
    <ActDialog
      title={title}
      confirmLabel={confirmLabel}
      previewKey={JSON.stringify(request)}
      preview={() => previewAct(client, room, request)}
      act={async (reason, idempotencyKey) => {
        await act(client, room, request, reason, idempotencyKey);
        notices.show(done);
        onDone();
      }}
      onClose={onClose}
    >
      {children}
    </ActDialog>
  );
}
