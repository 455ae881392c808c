/**
 * Live rooms in SQL.
 *
 * @module
 */

import type { Epoch, RoomId, RoomKey } from '@gavel/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { MemberInfo } from '../../rooms/member.ts';
import type { StreamInfo } from '../../rooms/stream.ts';
import type { LiveRoom, LiveRoomChange } from '../live-rooms.ts';
import type { Tables } from './tables.ts';

const columnsOf = ({ appId, environment, roomId }: RoomKey) => ({ app_id: appId, environment, room_id: roomId });

/** Stores a change in the caller's transaction, as one of a room of the node `owner`. */
export async function keepLiveRoom(tx: Kysely<Tables>, change: LiveRoomChange, owner: string): Promise<void> {
  const room = columnsOf(change.key);
  if (change.begins || change.ends) {
    await tx
      .deleteFrom('live_rooms')
      .where('room_id', '=', room.room_id)
      .where('app_id', '=', room.app_id)
      .where('environment', '=', room.environment)
      .execute();
    await tx
      .deleteFrom('live_entries')
      .where('room_id', '=', room.room_id)
      .where('app_id', '=', room.app_id)
      .where('environment', '=', room.environment)
      .execute();
  }
  if (change.ends) return;
  const seqs = {
    ...(change.userSeq !== undefined && { user_seq: change.userSeq }),
    ...(change.streamSeq !== undefined && { stream_seq: change.streamSeq }),
  };
  if (change.begins) {
    await tx
      .insertInto('live_rooms')
      .values({ ...room, epoch: change.epoch, user_seq: 0, stream_seq: 0, ...seqs, owner })
      .execute();
  } else if (Object.keys(seqs).length > 0) {
    await tx
      .updateTable('live_rooms')
      .set({ ...seqs, owner })
      .where('room_id', '=', room.room_id)
      .where('app_id', '=', room.app_id)
      .where('environment', '=', room.environment)
      .execute();
  }
  if (change.gone.length > 0) await tx.deleteFrom('live_entries').where('id', 'in', change.gone).execute();
  const entries = [
    ...change.members.map((member) => ({
      ...room,
      id: member.memberId,
      kind: 'member' as const,
      definition: JSON.stringify(member),
    })),
    ...change.streams.map((stream) => ({
      ...room,
      id: stream.publishId,
      kind: 'stream' as const,
      definition: JSON.stringify(stream),
    })),
  ];
  if (entries.length > 0) await tx.insertInto('live_entries').values(entries).execute();
}

/** Reads every life of a room whose end was not stored, but for those that one of the live nodes has changed last. */
export async function readLiveRooms(db: Kysely<Tables>, liveNodes: readonly string[]): Promise<LiveRoom[]> {
  let matching = db.selectFrom('live_rooms').selectAll();
  if (liveNodes.length > 0) matching = matching.where('owner', 'not in', liveNodes);
  const read: LiveRoom[] = [];
  for (const room of await matching.execute()) read.push(await readEntries(db, room));
  return read;
}

/** Reads the life of a room whose end was not stored. */
export async function findLiveRoom(db: Kysely<Tables>, key: RoomKey): Promise<LiveRoom | undefined> {
  const room = await db
    .selectFrom('live_rooms')
    .selectAll()
    .where('room_id', '=', key.roomId)
    .where('app_id', '=', key.appId)
    .where('environment', '=', key.environment)
    .executeTakeFirst();
  return room && readEntries(db, room);
}

async function readEntries(db: Kysely<Tables>, room: Selectable<Tables['live_rooms']>): Promise<LiveRoom> {
  const entries = await db
    .selectFrom('live_entries')
    .select(['kind', 'definition'])
    .where('room_id', '=', room.room_id)
    .where('app_id', '=', room.app_id)
    .where('environment', '=', room.environment)
    .orderBy('seq')
    .execute();
  const of = <T>(kind: 'member' | 'stream') =>
    entries.flatMap((entry) => (entry.kind === kind ? (JSON.parse(entry.definition) as T) : []));
  return {
    key: { appId: room.app_id, environment: room.environment, roomId: room.room_id as RoomId },
    epoch: room.epoch as Epoch,
    userSeq: room.user_seq,
    streamSeq: room.stream_seq,
    members: of<MemberInfo>('member'),
    streams: of<StreamInfo>('stream'),
  };
}
