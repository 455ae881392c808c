/**
 * The dialog that bans a user or an address without a kick, such as of somebody who is not here now.
 *
 * @module
 */

import type { BanBody } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { Field } from '../../components/field.tsx';
import { type BanScope, previewBan, setBan } from '../api/actions.ts';
import { LASTING_BANS, secondsOfBan } from '../ban-times.ts';
import { ActDialog } from '../components/act-dialog.tsx';
import { Select } from '../components/select.tsx';
import { useConsole } from '../context.ts';

/** The properties of the dialog. */
export interface NewBanDialogProps {
  readonly scope: BanScope;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Bans a user, an address or a range, or whoever is either. Whoever is covered and present is put out. */
export function NewBanDialog({ scope, onClose, onDone }: NewBanDialogProps) {
  const { client, notices } = useConsole();
  const [userId, setUserId] = useState('');
  const [addresses, setAddresses] = useState('');
  const [roomId, setRoomId] = useState('');
  const [time, setTime] = useState('1h');
  const body: Omit<BanBody, 'reason' | 'dryRun'> = {
    ...(userId !== '' && { userId }),
    ...(addresses !== '' && { addresses }),
    ...(roomId !== '' && { roomId }),
    ...secondsOfBan(time),
    removesPresent: true,
  };
  const isNamed = userId !== '' || addresses !== '';
  return (
    <ActDialog
      title="New ban"
      confirmLabel="Ban"
      previewKey={JSON.stringify(body)}
      preview={async () =>
        isNamed ? previewBan(client, scope, body) : { summary: 'Name a user or an address.', lines: [] }
      }
      act={async (reason, idempotencyKey) => {
        await setBan(client, scope, { ...body, reason }, idempotencyKey);
        notices.show(`${[userId, addresses].filter(Boolean).join(' and ')} may not enter any more.`);
        onDone();
      }}
      onClose={onClose}
    >
      <div class="pair">
        <Field label="User id" value={userId} onInput={setUserId} testId="ban-user" maxLength={64} />
        <Field
          label="IP address or range"
          value={addresses}
          onInput={setAddresses}
          testId="ban-addresses"
          maxLength={64}
        />
        <Field
          label="Room id (empty: all rooms)"
          value={roomId}
          onInput={setRoomId}
          testId="ban-room"
          maxLength={128}
        />
        <Select label="How long" value={time} options={LASTING_BANS} testId="ban-time" onChange={setTime} />
      </div>
    </ActDialog>
  );
}
