/**
 * One room: its people and streams, live, and what can be done there.
 *
 * @module
 */

import type { Person, PersonList, RoomDetail, StreamItem } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { roomPath } from '../api/actions.ts';
import { isAbout } from '../api/events.ts';
import { Age, Badge, LoadError, Panel, ViewHead } from '../components/view-parts.tsx';
import { mayModerate, useConsole } from '../context.ts';
import { formatAmount } from '../format.ts';
import { linkTo, type RoomRef } from '../routes.ts';
import { nameOfApp, useApps } from '../use-apps.ts';
import { useInterval } from '../use-interval.ts';
import { type ShownResource, useResource } from '../use-resource.ts';
import { CloseRoomDialog, DeleteStreamDialog, MuteDialog } from './act-dialogs.tsx';
import { KickDialog } from './kick-dialog.tsx';
import { KickOthersDialog } from './kick-others-dialog.tsx';
import { RoomAudit } from './room-audit.tsx';
import { PeopleTable, StreamsTable, WaitingTable } from './room-tables.tsx';

/** How often bitrates are read, in milliseconds. */
const BITRATE_REFRESH_MS = 2000;
/** Most people that are shown; the search finds the others. */
const MOST_PEOPLE = 200;

/** What the user is about to do. */
export type Act =
  | { readonly type: 'kick' | 'mute'; readonly person: Person }
  | { readonly type: 'delete-stream'; readonly stream: StreamItem }
  | { readonly type: 'kick-others'; readonly people: readonly Person[] }
  | { readonly type: 'close' };

/** One room. */
export function RoomView({ room }: { room: RoomRef }) {
  const { client, who } = useConsole();
  const { apps } = useApps();
  const [act, setAct] = useState<Act>();
  const path = roomPath(room);
  const concerns = isAbout(room);
  const detail = useResource(path, () => client.get<RoomDetail>(path), concerns);
  const people = useResource(
    `${path} people`,
    () => client.get<PersonList>(`${path}/people`, { limit: MOST_PEOPLE }),
    concerns,
  );
  useInterval(detail.reload, BITRATE_REFRESH_MS);
  const reload = () => {
    detail.reload();
    people.reload();
  };
  const isOver = detail.code === 'not-found';
  const { room: facts = null, streams = [], waiting = [] } = isOver ? {} : (detail.data ?? {});
  const mayAct = mayModerate(who) && !isOver;
  return (
    <>
      <ViewHead
        title={room.roomId}
        sub={
          <>
            <a href={linkTo('rooms')}>Rooms</a> · {nameOfApp(apps, room.appId)}{' '}
            {room.environment === 'test' && <Badge>test</Badge>}
            {facts && (
              <>
                {' '}
                · {formatAmount(facts.memberCount, 'person', 'people')}, {formatAmount(facts.streamCount, 'stream')} ·
                open for <Age sinceMs={facts.createdAtMs} />
              </>
            )}
          </>
        }
      >
        {mayAct && (
          <button
            type="button"
            class="button small danger"
            data-testid="close-room"
            onClick={() => setAct({ type: 'close' })}
          >
            Close the room
          </button>
        )}
      </ViewHead>
      {isOver ? (
        <p class="panel empty" role="status" data-testid="room-over">
          Nobody is in this room now. It appears here again when somebody joins.
        </p>
      ) : (
        <LoadError error={detail.error} onRetry={detail.reload} />
      )}
      <PeoplePanel people={people} isOver={isOver} mayAct={mayAct} onAct={setAct} />
      <Panel title="Streams" count={streams.length}>
        <StreamsTable streams={streams} isLoaded={detail.data !== undefined || isOver} mayAct={mayAct} onAct={setAct} />
      </Panel>
      {waiting.length > 0 && (
        <Panel title="Waiting for admission" count={waiting.length}>
          <WaitingTable waiting={waiting} />
        </Panel>
      )}
      <RoomAudit room={room} />
      {act && <ActOn act={act} room={room} onClose={() => setAct(undefined)} onDone={reload} />}
    </>
  );
}

function PeoplePanel(props: {
  people: ShownResource<PersonList>;
  isOver: boolean;
  mayAct: boolean;
  onAct: (act: Act) => void;
}) {
  const { people, isOver, mayAct, onAct } = props;
  const shown = isOver ? [] : (people.data?.people ?? []);
  return (
    <Panel
      title="People"
      count={people.data?.next ? undefined : shown.length}
      actions={
        mayAct &&
        shown.length > 1 && (
          <button
            type="button"
            class="button small danger"
            data-testid="kick-others"
            onClick={() => onAct({ type: 'kick-others', people: shown })}
          >
            Kick all but some
          </button>
        )
      }
    >
      <LoadError error={people.error} onRetry={people.reload} />
      <PeopleTable people={shown} isLoaded={people.data !== undefined} mayAct={mayAct} onAct={onAct} />
      {people.data?.next && (
        <p class="pager">
          The first {MOST_PEOPLE} are shown. <a href={linkTo('people')}>Search all people</a>
        </p>
      )}
    </Panel>
  );
}

/** The dialog of what the user is about to do. */
function ActOn({ act, ...common }: { act: Act; room: RoomRef; onClose: () => void; onDone: () => void }) {
  switch (act.type) {
    case 'kick':
      return <KickDialog {...common} userId={act.person.userId} />;
    case 'kick-others':
      return <KickOthersDialog {...common} people={act.people} />;
    case 'mute':
      return <MuteDialog {...common} userId={act.person.userId} />;
    case 'delete-stream':
      return <DeleteStreamDialog {...common} streamId={act.stream.streamId} />;
    case 'close':
      return <CloseRoomDialog {...common} />;
  }
}
