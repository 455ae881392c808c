/**
 * The room's chat, by broadcast messages.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import { formatTime } from '../log.ts';
import type { RoomModel } from '../room-model.ts';
import { isConnected, type RoomState } from '../room-state.ts';
import { useFollowEnd } from '../use-follow-end.ts';
import { hueOf } from '../user-look.ts';
import { Panel } from './panel.tsx';

/** The room's chat. */
export function Chat({ room, state }: { room: RoomModel; state: RoomState }) {
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const list = useFollowEnd<HTMLOListElement>(state.chat);
  const isOpen = isConnected(state.phase);

  const send = async () => {
    const message = text.trim();
    if (!message) return;
    setText('');
    const failure = await room.say(message);
    setError(failure?.text ?? '');
    if (failure) setText(message);
  };

  return (
    <Panel title="Chat" name="chat">
      <ol
        class="chat-lines"
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable by keyboard.
        tabIndex={0}
        aria-label="Messages, oldest first"
        aria-live="polite"
      >
        {state.chat.length === 0 && <li class="empty">Messages go to everyone in the room.</li>}
        {state.chat.map((line) => (
          <li key={line.id} data-testid="chat-line" style={{ '--hue': hueOf(line.from.userId) }}>
            <span class="chat-from">{line.own ? 'You' : line.from.userName}</span>
            <time>{formatTime(line.atMs).slice(0, 5)}</time>
            <span class="chat-text">{line.text}</span>
          </li>
        ))}
      </ol>
      <form
        class="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <input
          value={text}
          disabled={!isOpen}
          placeholder={isOpen ? 'Message to everyone' : 'Not connected'}
          aria-label="Message to everyone"
          autocomplete="off"
          data-testid="chat-input"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={!isOpen || text.trim() === ''} data-testid="chat-send">
          Send
        </button>
      </form>
      <p class="form-error" role="alert">
        {error}
      </p>
    </Panel>
  );
}
