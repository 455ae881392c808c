/**
 * The moderation panel: put users out, delete streams, close the room, by signed requests.
 *
 * @module
 */

import { byteLength, MAX_BYTES } from '@gavel/protocol/ids';
import { useId } from 'preact/hooks';
import type { Moderation } from '../moderation.ts';
import type { RoomState } from '../room-state.ts';
import type { ModerationCall } from '../signing.ts';
import { useStore } from '../use-store.ts';
import { CallRow } from './call-row.tsx';
import { Panel } from './panel.tsx';
import { SentList } from './sent-list.tsx';

/** The moderation panel. */
export function ModerationPanel(props: { moderation: Moderation; state: RoomState; isDev: boolean }) {
  const { moderation, state, isDev } = props;
  return (
    <Panel title="Moderation" name="moderation">
      <div class="panel-scroll">{isDev ? <Calls moderation={moderation} state={state} /> : <Backend />}</div>
    </Panel>
  );
}

function Calls({ moderation, state }: { moderation: Moderation; state: RoomState }) {
  const { reason, signed, sent } = useStore(moderation);
  const { roomId, self, members, own, phase } = state;
  const isOut = phase.kind === 'ended';
  const users = isOut ? [] : [...members, self];
  const streams = [
    ...state.streams.map(({ streamId, user }) => ({ streamId, user })),
    ...('media' in own ? [{ streamId: own.streamId, user: self }] : []),
  ];
  const row = (call: ModerationCall, button: string, name: string, detail: string) => (
    <CallRow
      key={`${button}${name}${detail}`}
      moderation={moderation}
      call={call}
      signed={signed}
      reason={reason}
      button={button}
      name={name}
      detail={detail}
    />
  );
  return (
    <>
      <p class="hint">Each button sends the signed request that your backend would send. The server signs it here.</p>
      <ReasonField value={reason} onInput={(value) => moderation.setReason(value)} />
      <h3>People</h3>
      <ul class="calls">
        {users.map((user) => {
          const name = user.userId === self.userId ? `${user.userName} (you)` : user.userName;
          return row({ kind: 'kick', roomId, userId: user.userId }, 'Kick', name, user.userId);
        })}
        {users.length === 0 && <li class="empty">You are not in the room.</li>}
      </ul>
      <h3>Streams</h3>
      <ul class="calls">
        {streams.map(({ streamId, user }) =>
          row({ kind: 'delete-stream', roomId, streamId }, 'Delete', streamId, `of ${user.userName}`),
        )}
        {streams.length === 0 && <li class="empty">Nobody is publishing.</li>}
      </ul>
      <h3>Room</h3>
      <ul class="calls">{row({ kind: 'close', roomId }, 'Close', roomId, 'removes everyone')}</ul>
      <SentList sent={sent} />
    </>
  );
}

function ReasonField({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  const id = useId();
  const bytes = byteLength(value);
  const isTooLong = bytes > MAX_BYTES.reason;
  return (
    <div class="field">
      <label for={id}>Reason that the removed see</label>
      <input
        id={id}
        value={value}
        autocomplete="off"
        placeholder="None"
        aria-describedby={`${id}-size`}
        aria-invalid={isTooLong}
        data-testid="reason-input"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <p id={`${id}-size`} class={isTooLong ? 'field-size too-long' : 'field-size'}>
        {bytes} of {MAX_BYTES.reason} bytes{isTooLong && ': the server will refuse it'}
      </p>
    </div>
  );
}

/** In production nobody moderates from a browser. */
function Backend() {
  return (
    <div class="backend">
      <p>
        <strong>Moderation calls come from your backend.</strong> They are signed with the App’s secret, which never
        belongs in a page.
      </p>
      <pre>
        <code>{`GET ${location.origin}/
  ?Action=KickoutUser
  &RoomId=…
  &UserId[]=…
  &CustomReason=…
  &AppId=…
  &Timestamp=…
  &SignatureNonce=…
  &SignatureVersion=2.0
  &Signature=md5(AppId + SignatureNonce
                 + ServerSecret + Timestamp)`}</code>
      </pre>
      <p class="hint">
        CloseRoom and DeleteStream go the same way. What happens shows here at once: on the stage and in the log.
      </p>
    </div>
  );
}
