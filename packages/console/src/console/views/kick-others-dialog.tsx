/**
 * The dialog that removes everybody from a room but some (ALL-1).
 *
 * @module
 */

import type { Person } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { kick, previewKick } from '../api/actions.ts';
import { ActDialog } from '../components/act-dialog.tsx';
import { useConsole } from '../context.ts';
import { formatAmount } from '../format.ts';
import type { RoomRef } from '../routes.ts';

/** The properties of the dialog. */
export interface KickOthersDialogProps {
  readonly room: RoomRef;
  /** The people among whom those who stay are chosen. */
  readonly people: readonly Person[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Removes everybody from a room but those who are chosen. */
export function KickOthersDialog({ room, people, onClose, onDone }: KickOthersDialogProps) {
  const { client, notices } = useConsole();
  // The choice is among those who were there when the dialog was opened: a row never moves under the pointer.
  const [users] = useState(() => new Map(people.map(({ userId, userName }) => [userId, userName])));
  const [staying, setStaying] = useState<readonly string[]>([]);
  const request = { allBut: staying.length > 0 ? { userIds: [...staying] } : {} };
  const toggle = (userId: string) =>
    setStaying(staying.includes(userId) ? staying.filter((id) => id !== userId) : [...staying, userId]);
  const act = async (reason: string, idempotencyKey: string) => {
    const { people: removed } = await kick(client, room, request, reason, idempotencyKey);
    const verb = removed.length === 1 ? 'is' : 'are';
    notices.show(`${formatAmount(removed.length, 'person', 'people')} ${verb} out of ${room.roomId}.`);
    onDone();
  };
  return (
    <ActDialog
      title="Kick all but some"
      confirmLabel="Kick the others"
      previewKey={JSON.stringify(request)}
      preview={() => previewKick(client, room, request)}
      act={act}
      onClose={onClose}
    >
      <fieldset class="checks tall">
        <legend>Who stays</legend>
        {[...users].map(([userId, userName]) => (
          <label key={userId}>
            <input
              type="checkbox"
              checked={staying.includes(userId)}
              data-testid={`stays-${userId}`}
              onChange={() => toggle(userId)}
            />{' '}
            {userName === '' || userName === userId ? userId : `${userName} (${userId})`}
          </label>
        ))}
      </fieldset>
    </ActDialog>
  );
}
