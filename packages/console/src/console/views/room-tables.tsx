/**
 * The tables of one room: people, streams, and users that wait for admission.
 *
 * @module
 */

import type { Person, StreamItem, WaitingItem } from '@gavel/protocol/admin';
import { DataTable } from '../components/data-table.tsx';
import { PersonCell } from '../components/person-cell.tsx';
import { Age, Badge } from '../components/view-parts.tsx';
import { formatBitrate, formatCount } from '../format.ts';
import type { Act } from './room-view.tsx';

/** The properties that the tables share. */
interface TableProps {
  readonly isLoaded: boolean;
  readonly mayAct: boolean;
  readonly onAct: (act: Act) => void;
}

type Keyed<Item> = Item & { readonly key: string };

/** The people of a room, in the order in which they joined. */
export function PeopleTable(props: TableProps & { readonly people: readonly Person[] }) {
  const { people, isLoaded, mayAct, onAct } = props;
  return (
    <DataTable<Keyed<Person>>
      caption="People in the room, in the order in which they joined"
      testId="room-people"
      rows={people.map((person) => ({ ...person, key: person.memberId }))}
      empty={isLoaded ? 'Nobody is in the room.' : 'Loading …'}
      columns={[
        {
          title: 'Person',
          cell: (person) => (
            <PersonCell person={person}>
              in for <Age sinceMs={person.joinedAtMs} />
            </PersonCell>
          ),
        },
        { title: 'Address', isWide: true, cell: ({ address }) => <span class="mono">{address ?? '–'}</span> },
        { title: 'Signed in by', isWide: true, cell: ({ scheme }) => <span class="secondary">{scheme}</span> },
        { title: 'In for', layout: 'fit', isWide: true, cell: ({ joinedAtMs }) => <Age sinceMs={joinedAtMs} /> },
      ]}
      {...(mayAct && {
        actions: (person: Keyed<Person>) => (
          <>
            <button
              type="button"
              class="button small"
              aria-label={`Mute ${person.userId}`}
              data-testid={`mute-${person.userId}`}
              onClick={() => onAct({ type: 'mute', person })}
            >
              Mute
            </button>
            <button
              type="button"
              class="button small danger"
              aria-label={`Kick ${person.userId}`}
              data-testid={`kick-${person.userId}`}
              onClick={() => onAct({ type: 'kick', person })}
            >
              Kick
            </button>
          </>
        ),
      })}
    />
  );
}

/** The streams of a room with what their publishers send now. */
export function StreamsTable(props: TableProps & { readonly streams: readonly StreamItem[] }) {
  const { streams, isLoaded, mayAct, onAct } = props;
  return (
    <DataTable<Keyed<StreamItem>>
      caption="Streams of the room"
      testId="room-streams"
      rows={streams.map((stream) => ({ ...stream, key: stream.streamId }))}
      empty={isLoaded ? 'Nobody publishes.' : 'Loading …'}
      columns={[
        {
          title: 'Stream',
          cell: (stream) => (
            <div class="stacked">
              <strong>{stream.streamId}</strong>
              <span class="secondary">
                {stream.source} of {stream.userId}
              </span>
            </div>
          ),
        },
        { title: 'State', isWide: true, cell: (stream) => <StreamBadges stream={stream} /> },
        { title: 'Audio', layout: 'end', isWide: true, cell: ({ media }) => formatBitrate(media?.audioBps ?? 0) },
        { title: 'Video', layout: 'end', cell: ({ media }) => formatBitrate(media?.videoBps ?? 0) },
        { title: 'Lost', layout: 'end', isWide: true, cell: ({ media }) => formatLoss(media) },
        {
          title: 'Viewers',
          layout: 'end',
          isWide: true,
          cell: ({ media }) => formatCount(media?.subscriberCount ?? 0),
        },
      ]}
      {...(mayAct && {
        actions: (stream: Keyed<StreamItem>) => (
          <button
            type="button"
            class="button small danger"
            aria-label={`End the stream ${stream.streamId}`}
            data-testid={`delete-${stream.streamId}`}
            onClick={() => onAct({ type: 'delete-stream', stream })}
          >
            End
          </button>
        ),
      })}
    />
  );
}

function StreamBadges({ stream: { audio, video, muted, blocked, media } }: { stream: StreamItem }) {
  return (
    <span class="badges">
      {media?.state === 'connected' ? (
        <Badge tone="good">live</Badge>
      ) : (
        <Badge tone="warn">{media?.state ?? 'no media'}</Badge>
      )}
      {!audio && <Badge>mic off</Badge>}
      {!video && <Badge>camera off</Badge>}
      {(muted.audio || blocked.audio) && <Badge tone="warn">audio {blocked.audio ? 'blocked' : 'muted'}</Badge>}
      {(muted.video || blocked.video) && <Badge tone="warn">video {blocked.video ? 'blocked' : 'muted'}</Badge>}
    </span>
  );
}

/** Returns the part of the packets that were lost on the way to the server. */
function formatLoss(media: StreamItem['media']): string {
  const total = (media?.packets ?? 0) + (media?.lostPackets ?? 0);
  return total === 0 ? '–' : `${((100 * (media?.lostPackets ?? 0)) / total).toFixed(1)} %`;
}

/** The users that wait for admission. */
export function WaitingTable({ waiting }: { waiting: readonly WaitingItem[] }) {
  return (
    <DataTable<Keyed<WaitingItem>>
      caption="Users that wait for admission"
      testId="room-waiting"
      rows={waiting.map((user) => ({ ...user, key: user.memberId }))}
      empty="Nobody waits."
      columns={[
        { title: 'Person', cell: (user) => <PersonCell person={user} /> },
        { title: 'Waits for', layout: 'fit', cell: ({ sinceMs }) => <Age sinceMs={sinceMs} /> },
      ]}
    />
  );
}
