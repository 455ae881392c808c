/**
 * The moderation panel: put users out, delete streams, close the room, by signed requests.
 *
 * @module
 */

import { byteLength, MAX_BYTES } from '@gavel/protocol/ids';
import { useId } from 'preact/hooks';
import { callKey, type Moderation } from '../moderation.ts';
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
      {isDev ? <Calls moderation={moderation} state={state} /> : <Backend />}
    </Panel>
  );
}

function Calls({ moderation, state }: { moderation: Moderation; state: RoomState }) {
  const { reason, signed, sent } = useStore(moderation);
  const { roomId, self, own } = state;
  const users = state.phase.kind === 'ended' ? [] : [...state.members, self];
  const streams = [
    ...state.streams.map(({ streamId, user }) => ({ streamId, user })),
    ...('media' in own ? [{ streamId: own.streamId, user: self }] : []),
  ];
  // A server can announce streams of somebody who is not in the room.
  const ids = new Set(users.map((user) => user.userId));
  const strays = streams.filter(({ user }) => !ids.has(user.userId));
  const row = (call: ModerationCall, button: string, name: string, detail = '') => (
    <CallRow
      key={callKey(call)}
      moderation={moderation}
      call={call}
      request={signed[callKey(call)]}
      reason={reason}
      button={button}
      name={name}
      detail={detail}
    />
  );
  const streamRow = ({ streamId }: { streamId: string }) =>
    row({ kind: 'delete-stream', roomId, streamId }, 'Delete', streamId);
  return (
    <>
      <div class="panel-scroll">
        <ReasonField value={reason} onInput={(value) => moderation.setReason(value)} />
        <ul class="calls">
          {users.map((user) => {
            const name = user.userId === self.userId ? `${user.userName} (you)` : user.userName;
            return [
              row({ kind: 'kick', roomId, userId: user.userId }, 'Kick', name, user.userId),
              ...streams.filter((stream) => stream.user.userId === user.userId).map(streamRow),
            ];
          })}
          {users.length === 0 && <li class="empty">You are out of the room and do not see who is in it.</li>}
          {strays.map(streamRow)}
          {row({ kind: 'close', roomId }, 'Close', 'The whole room', roomId)}
        </ul>
      </div>
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
      <div class="label-line">
        <label for={id}>Reason to show</label>
        <span id={`${id}-size`} class={isTooLong ? 'field-size too-long' : 'field-size'}>
          {bytes} of {MAX_BYTES.reason} bytes{isTooLong && ': too long'}
        </span>
      </div>
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
    </div>
  );
}

/** In production nobody moderates from a browser. */
function Backend() {
  return (
    <div class="panel-scroll backend">
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
