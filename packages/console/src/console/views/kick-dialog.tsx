/**
 * The dialog that removes a person from a room, with or without a ban.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import { kick, liftBan, previewKick } from '../api/actions.ts';
import { BAN_TIMES, describeBanTime, secondsOfBan } from '../ban-times.ts';
import { ActDialog } from '../components/act-dialog.tsx';
import { Select } from '../components/select.tsx';
import { useConsole } from '../context.ts';
import type { RoomRef } from '../routes.ts';

/** The properties of the dialog. */
export interface KickDialogProps {
  readonly room: RoomRef;
  readonly userId: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Removes a person; a ban is lifted again by the message that follows. */
export function KickDialog({ room, userId, onClose, onDone }: KickDialogProps) {
  const { client, notices } = useConsole();
  const [time, setTime] = useState('none');
  const [of, setOf] = useState<'user' | 'address' | 'both'>('user');
  const [where, setWhere] = useState<'room' | 'app'>('room');
  const ban = time === 'none' ? undefined : { of, in: where, ...secondsOfBan(time) };
  const request = { userIds: [userId], ...(ban && { ban }) };

  const act = async (reason: string, idempotencyKey: string) => {
    const { bans } = await kick(client, room, request, reason, idempotencyKey);
    const undo = async () => {
      await Promise.all(bans.map((one) => liftBan(client, one, 'Undone in the console', crypto.randomUUID())));
      notices.show(`The ban of ${userId} is lifted.`);
      onDone();
    };
    const text = ban ? `${userId} is out and banned ${describeBanTime(time)}.` : `${userId} is out of ${room.roomId}.`;
    notices.show(text, {
      ...(bans.length > 0 && {
        action: {
          label: 'Lift the ban',
          run: () => void undo().catch((error: unknown) => notices.show(String(error), { isError: true })),
        },
      }),
    });
    onDone();
  };

  return (
    <ActDialog
      title={`Kick ${userId}`}
      confirmLabel={ban ? 'Kick and ban' : 'Kick'}
      previewKey={JSON.stringify([userId, ban])}
      preview={() => previewKick(client, room, request)}
      act={act}
      onClose={onClose}
    >
      <div class="pair">
        <Select label="Ban" value={time} options={BAN_TIMES} testId="ban-time" onChange={setTime} />
        {ban && (
          <Select
            label="Who is banned"
            value={of}
            options={[
              { value: 'user', label: 'The user' },
              { value: 'address', label: 'The IP address' },
              { value: 'both', label: 'User and IP address' },
            ]}
            testId="ban-of"
            onChange={setOf}
          />
        )}
        {ban && (
          <Select
            label="From where"
            value={where}
            options={[
              { value: 'room', label: 'This room' },
              { value: 'app', label: 'All rooms of the App' },
            ]}
            testId="ban-in"
            onChange={setWhere}
          />
        )}
      </div>
    </ActDialog>
  );
}
