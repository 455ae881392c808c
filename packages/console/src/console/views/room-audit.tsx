/**
 * What was done in one room.
 *
 * @module
 */

import { listAudit } from '../api/actions.ts';
import { isAbout } from '../api/events.ts';
import { AuditTable } from '../components/audit-table.tsx';
import { describeEmpty, LoadError, Panel } from '../components/view-parts.tsx';
import { useConsole } from '../context.ts';
import { linkTo, type RoomRef } from '../routes.ts';
import { useResource } from '../use-resource.ts';

const MOST_ROWS = 10;

/** The latest actions in a room. */
export function RoomAudit({ room }: { room: RoomRef }) {
  const { client } = useConsole();
  const { appId, environment, roomId } = room;
  const query = { appId, environment, roomId, dryRun: false, limit: MOST_ROWS };
  const list = useResource(`audit ${JSON.stringify(query)}`, () => listAudit(client, query), isAbout(room));
  const filters = { appId: String(appId), environment, roomId };
  return (
    <Panel title="What was done here" actions={<a href={linkTo('audit', filters)}>All actions in this room</a>}>
      <LoadError error={list.error} onRetry={list.reload} />
      <AuditTable isBrief rows={list.data?.rows ?? []} empty={describeEmpty(list, 'Nothing was done here.')} />
    </Panel>
  );
}
