/**
 * The list of live rooms, with search and order.
 *
 * @module
 */

import type { RoomItem, RoomList } from '@gavel/protocol/admin';
import { concernsLists } from '../api/events.ts';
import { DataTable } from '../components/data-table.tsx';
import { FilterBar } from '../components/filters.tsx';
import { Pager } from '../components/pager.tsx';
import { Age, Badge, describeEmpty, LoadError, Panel, ViewHead } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { formatAmount, formatCount } from '../format.ts';
import { type Filters, linkToRoom } from '../routes.ts';
import { appChoices, nameOfApp, useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';

const PAGE_SIZE = 50;
const SORTS = [
  { value: 'created', label: 'Newest first' },
  { value: 'members', label: 'Most people first' },
  { value: 'streams', label: 'Most streams first' },
  { value: 'room', label: 'Room id' },
] as const;

type Row = RoomItem & { readonly key: string };

/** The list of live rooms. */
export function RoomsView({ filters }: { filters: Filters }) {
  const { client } = useConsole();
  const { apps } = useApps();
  const { sort = 'created' } = filters;
  const query = { ...filters, sort, order: sort === 'room' ? 'asc' : 'desc', limit: PAGE_SIZE };
  const list = useResource(
    `rooms ${JSON.stringify(query)}`,
    () => client.get<RoomList>('/rooms', query),
    concernsLists,
  );
  const rows = (list.data?.rooms ?? []).map((room) => ({ ...room, key: keyOf(room) }));
  return (
    <>
      <ViewHead title="Rooms" sub="Rooms that somebody is in now" />
      <FilterBar
        view="rooms"
        values={{ ...filters, sort }}
        filters={[
          { name: 'search', label: 'Room id contains', type: 'text' },
          { name: 'appId', label: 'App', type: 'choice', choices: appChoices(apps), all: 'All Apps' },
          { name: 'sort', label: 'Order', type: 'choice', choices: SORTS },
        ]}
      />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title="Rooms" count={list.data?.totalCount}>
        <DataTable<Row>
          caption="Live rooms"
          testId="rooms"
          rows={rows}
          empty={describeEmpty(list, emptyText(filters))}
          columns={[
            {
              title: 'Room',
              cell: (room) => (
                <div class="stacked">
                  <a class="main-link" href={linkToRoom(room)} data-testid="room-link">
                    {room.roomId}
                  </a>
                  <span class="secondary phone-only">
                    {nameOfApp(apps, room.appId)}, {formatAmount(room.streamCount, 'stream')}
                  </span>
                </div>
              ),
            },
            {
              title: 'App',
              isWide: true,
              cell: ({ appId, environment }) => (
                <span>
                  {nameOfApp(apps, appId)} {environment === 'test' && <Badge>test</Badge>}
                </span>
              ),
            },
            { title: 'People', layout: 'end', cell: ({ memberCount }) => formatCount(memberCount) },
            { title: 'Most', layout: 'end', isWide: true, cell: ({ peakMemberCount }) => formatCount(peakMemberCount) },
            { title: 'Waiting', layout: 'end', isWide: true, cell: ({ waitingCount }) => formatCount(waitingCount) },
            { title: 'Streams', layout: 'end', isWide: true, cell: ({ streamCount }) => formatCount(streamCount) },
            { title: 'Open for', layout: 'end', cell: ({ createdAtMs }) => <Age sinceMs={createdAtMs} /> },
          ]}
        />
        <Pager view="rooms" filters={filters} shown={rows.length} next={list.data?.next ?? null} />
      </Panel>
    </>
  );
}

const keyOf = ({ appId, environment, roomId }: RoomItem): string => `${appId}/${environment}/${roomId}`;

function emptyText({ search, appId }: Filters): string {
  return search || appId ? 'No room matches the filters.' : 'Nobody is in a room now.';
}
