/**
 * People across all rooms.
 *
 * @module
 */

import type { Person, PersonList } from '@gavel/protocol/admin';
import { useState } from 'preact/hooks';
import { concernsLists } from '../api/events.ts';
import { DataTable } from '../components/data-table.tsx';
import { FilterBar } from '../components/filters.tsx';
import { Pager } from '../components/pager.tsx';
import { PersonCell } from '../components/person-cell.tsx';
import { Age, describeEmpty, LoadError, Panel, ViewHead } from '../components/view-parts.tsx';
import { mayModerate, useConsole } from '../context.ts';
import { type Filters, linkToRoom } from '../routes.ts';
import { appChoices, nameOfApp, useApps } from '../use-apps.ts';
import { useResource } from '../use-resource.ts';
import { KickDialog } from './kick-dialog.tsx';

const PAGE_SIZE = 50;

type Row = Person & { readonly key: string };

/** The list of people, to find somebody whose room is not known. */
export function PeopleView({ filters }: { filters: Filters }) {
  const { client, who } = useConsole();
  const { apps } = useApps();
  const [kicked, setKicked] = useState<Person>();
  const query = { ...filters, limit: PAGE_SIZE };
  const list = useResource(
    `people ${JSON.stringify(query)}`,
    () => client.get<PersonList>('/people', query),
    concernsLists,
  );
  const rows = (list.data?.people ?? []).map((person) => ({ ...person, key: person.memberId }));
  return (
    <>
      <ViewHead title="People" sub="Everybody who is in a room now" />
      <FilterBar
        view="people"
        values={filters}
        filters={[
          { name: 'search', label: 'User id or name contains', type: 'text' },
          { name: 'appId', label: 'App', type: 'choice', choices: appChoices(apps), all: 'All Apps' },
        ]}
      />
      <LoadError error={list.error} onRetry={list.reload} />
      <Panel title="People">
        <DataTable<Row>
          caption="People in rooms"
          testId="people"
          rows={rows}
          empty={describeEmpty(list, 'Nobody matches.')}
          columns={[
            {
              title: 'Person',
              cell: (person) => (
                <PersonCell person={person}>
                  in {person.roomId} for <Age sinceMs={person.joinedAtMs} />
                </PersonCell>
              ),
            },
            { title: 'Room', isWide: true, cell: (person) => <a href={linkToRoom(person)}>{person.roomId}</a> },
            { title: 'App', isWide: true, cell: ({ appId }) => nameOfApp(apps, appId) },
            { title: 'Address', isWide: true, cell: ({ address }) => <span class="mono">{address ?? '–'}</span> },
            {
              title: 'In for',
              layout: 'fit',
              isWide: true,
              cell: ({ joinedAtMs }) => <Age sinceMs={joinedAtMs} />,
            },
          ]}
          {...(mayModerate(who) && {
            actions: (person: Row) => (
              <button
                type="button"
                class="button small danger"
                aria-label={`Kick ${person.userId}`}
                data-testid={`kick-${person.userId}`}
                onClick={() => setKicked(person)}
              >
                Kick
              </button>
            ),
          })}
        />
        <Pager view="people" filters={filters} shown={rows.length} next={list.data?.next ?? null} />
      </Panel>
      {kicked && (
        <KickDialog room={kicked} userId={kicked.userId} onClose={() => setKicked(undefined)} onDone={list.reload} />
      )}
    </>
  );
}
