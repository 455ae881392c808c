/**
 * The bar at the top of the room.
 *
 * @module
 */

import { useMemo } from 'preact/hooks';
import type { PageConfig } from '../config.ts';
import { formatPageQuery } from '../page-query.ts';
import { isInRoom, type Phase, type RoomState } from '../room-state.ts';
import { inventUser } from '../user-look.ts';
import { Icon } from './icons.tsx';
import { Logo } from './logo.tsx';

const STATES: Readonly<Record<Phase['kind'], string>> = {
  outside: 'Not in the room',
  joining: 'Joining …',
  inside: 'Connected',
  reconnecting: 'Not connected',
  ended: 'Out of the room',
};

/** The bar at the top of the room. */
export function TopBar({ state, config }: { state: RoomState; config: PageConfig }) {
  const { phase, roomId, members } = state;
  const people = members.length + 1;
  return (
    <header class="top">
      <Logo />
      <div class="top-room">
        <h1 tabIndex={-1} data-focus-start>
          <span class="visually-hidden">Room </span>
          {roomId}
        </h1>
        <span class="link-state" role="status" data-testid="connection-state" data-state={phase.kind}>
          {STATES[phase.kind]}
          {isInRoom(phase) && <span class="people"> · {people === 1 ? 'only you' : `${people} people`}</span>}
        </span>
      </div>
      <SecondTab roomId={roomId} config={config} population={people} isEnabled={phase.kind !== 'reconnecting'} />
    </header>
  );
}

/** The link that opens a tab as another user, who joins at once if no token is needed. */
function SecondTab(props: { roomId: string; config: PageConfig; population: number; isEnabled: boolean }) {
  const { roomId, config, population, isEnabled } = props;
  // A different user for each tab: a new user is generated whenever the number of members changes.
  const other = useMemo(() => inventUser(), [population]);
  const href = formatPageQuery({
    room: roomId,
    user: other.userId,
    name: other.userName,
    source: 'test',
    autojoin: config.mode === 'dev',
  });
  const content = (
    <>
      <Icon name="add-user" />
      <span>
        <span class="wide-only">Open a second tab as another user</span>
        <span class="narrow-only">Second tab</span>
      </span>
    </>
  );
  if (!isEnabled) {
    return (
      <button type="button" class="button" disabled>
        {content}
      </button>
    );
  }
  return (
    <a class="button" href={href} target="_blank" rel="noopener" data-testid="second-tab">
      {content}
    </a>
  );
}
