/**
 * The moderation panel: removes users, deletes streams and closes the room, with signed requests.
 *
 * @module
 */

import { byteLength, MAX_BYTES } from '@gavel/protocol/ids';
import { useId, useState } from 'preact/hooks';
import { callKey, type Moderation } from '../moderation.ts';
import { isConnected, type RoomState } from '../room-state.ts';
import type { ModerationCall } from '../signing.ts';
import { useSteadyRows } from '../use-steady-rows.ts';
import { useStore } from '../use-store.ts';
import { CallRow } from './call-row.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
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

interface CallFacts {
  readonly key: string;
  readonly call: ModerationCall;
  readonly button: string;
  readonly name: string;
  readonly detail: string;
}

/** Returns a row for each person in the room and for each stream; this user first, so that new ones are added at the end. */
function listCalls({ phase, roomId, self, own, members, streams: others }: RoomState): CallFacts[] {
  if (phase.kind === 'ended') return [];
  const users = [self, ...members];
  const streams = [
    ...('media' in own ? [{ streamId: own.streamId, user: self }] : []),
    ...others.map(({ streamId, user }) => ({ streamId, user })),
  ];
  const toRow = (call: ModerationCall, button: string, name: string, detail = ''): CallFacts => ({
    key: callKey(call),
    call,
    button,
    name,
    detail,
  });
  const toStreamRow = ({ streamId }: { streamId: string }) =>
    toRow({ kind: 'delete-stream', roomId, streamId }, 'Delete', streamId);
  // A server can announce streams of users who are not in the room.
  const ids = new Set(users.map((user) => user.userId));
  const strays = streams.filter(({ user }) => !ids.has(user.userId));
  return [
    ...users.flatMap((user) => {
      const name = user.userId === self.userId ? `${user.userName} (you)` : user.userName;
      return [
        toRow({ kind: 'kick', roomId, userId: user.userId }, 'Kick', name, user.userId),
        ...streams.filter((stream) => stream.user.userId === user.userId).map(toStreamRow),
      ];
    }),
    ...strays.map(toStreamRow),
  ];
}

function Calls({ moderation, state }: { moderation: Moderation; state: RoomState }) {
  const { reason, signed, sent } = useStore(moderation);
  const [close, setClose] = useState<() => void>();
  const { phase, roomId, members } = state;
  const { shown, handlers } = useSteadyRows(listCalls(state));
  const closeCall: ModerationCall = { kind: 'close', roomId };
  const people = members.length + 1;
  return (
    <>
      <div class="panel-scroll">
        <ReasonField value={reason} onInput={(value) => moderation.setReason(value)} />
        <ul class="calls">
          <CallRow
            moderation={moderation}
            call={closeCall}
            request={signed[callKey(closeCall)]}
            reason={reason}
            button="Close"
            name="The whole room"
            detail={roomId}
            isEnabled={isConnected(phase) || phase.kind === 'ended'}
            confirm={(send) => setClose(() => send)}
          />
        </ul>
        <ul class="calls" aria-label="People and streams" {...handlers}>
          {shown.map(({ row: { key, call, button, name, detail }, isGone }) => (
            <CallRow
              key={key}
              moderation={moderation}
              call={call}
              request={signed[key]}
              reason={reason}
              button={button}
              name={name}
              detail={detail}
              isGone={isGone}
              isEnabled={isConnected(phase)}
            />
          ))}
          {phase.kind === 'ended' && <li class="empty">You are out of the room and do not see who is in it.</li>}
        </ul>
      </div>
      <SentList sent={sent} />
      {close && (
        <ConfirmDialog
          title="Close the room for everyone?"
          confirmLabel="Close the room"
          onCancel={() => setClose(undefined)}
          onConfirm={() => {
            setClose(undefined);
            close();
          }}
        >
          <p>
            {phase.kind === 'ended' ? 'Everybody in ' : people === 1 ? 'You are alone in ' : `All ${people} people in `}
            <strong>{roomId}</strong>
            {people === 1 && phase.kind !== 'ended' ? ', and leave it.' : ' are removed, you included.'} This cannot be
            undone.
          </p>
          <p class="hint">{reason ? `They see: “${reason}”` : 'They see no reason.'}</p>
        </ConfirmDialog>
      )}
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
        placeholder="No reason is shown"
        aria-describedby={`${id}-size`}
        aria-invalid={isTooLong}
        data-testid="reason-input"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

/** In production mode, the backend sends moderation calls, not the browser. */
function Backend() {
  return (
    <div class="panel-scroll backend">
      <p>
        <strong>Moderation calls come from your backend.</strong> They are signed with the App’s secret, which never
        belongs in a page.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable text must be reachable by keyboard. */}
      <pre tabIndex={0}>
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
      <p class="hint">CloseRoom and DeleteStream work the same way. The stage and the log show the result at once.</p>
    </div>
  );
}
