/**
 * Participants in SQL.
 *
 * @module
 */

import type { Kysely, Selectable } from 'kysely';
import type { Page, Paged, Participant, ParticipantRecord, ParticipantRepository } from '../store.ts';
import { readPaged } from './paged.ts';
import type { ParticipantsTable, Tables } from './tables.ts';

/** Maximum number of values in one `IN` list: engines limit the parameters of a statement. */
const MAX_IN_LIST = 500;

/** The participants of a database. */
export class SqlParticipants implements ParticipantRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(participant: ParticipantRecord): Promise<void> {
    await this.#db
      .insertInto('participants')
      .values({
        id: participant.id,
        meeting_id: participant.meetingId,
        custom_id: participant.customId,
        preset_id: participant.presetId,
        name: participant.name,
        picture: participant.picture,
        created_at_ms: participant.createdAtMs,
        updated_at_ms: participant.updatedAtMs,
      })
      .execute();
  }

  async find(meetingId: string, id: string): Promise<Participant | undefined> {
    return findParticipant(this.#db, meetingId, id);
  }

  async findByIds(meetingId: string, ids: readonly string[]): Promise<readonly Participant[]> {
    return this.#findIn(meetingId, 'participants.id', ids);
  }

  async findByCustomIds(meetingId: string, customIds: readonly string[]): Promise<readonly Participant[]> {
    return this.#findIn(meetingId, 'participants.custom_id', customIds);
  }

  async list(meetingId: string, page: Page): Promise<Paged<Participant>> {
    return readPaged(
      page,
      async ({ offset, limit, fromEnd }) => {
        const order = fromEnd ? 'asc' : 'desc';
        const seqs = this.#db
          .selectFrom('participants')
          .select('seq')
          .where('meeting_id', '=', meetingId)
          .orderBy('seq', order)
          .limit(limit)
          .offset(offset);
        const rows = await selectParticipants(this.#db)
          .where('participants.seq', 'in', seqs)
          .orderBy('participants.seq', order)
          .execute();
        return rows.map(participantOf);
      },
      async () => {
        const meeting = await this.#db
          .selectFrom('meetings')
          .select('participant_count')
          .where('id', '=', meetingId)
          .executeTakeFirst();
        return meeting?.participant_count ?? 0;
      },
    );
  }

  async update(
    meetingId: string,
    id: string,
    change: Parameters<ParticipantRepository['update']>[2],
  ): Promise<Participant | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const participant = await lockParticipant(tx, meetingId, id);
      if (!participant) return undefined;
      const { customId, name, picture, presetId, updatedAtMs } = await change(participant);
      await tx
        .updateTable('participants')
        .set({ custom_id: customId, name, picture, preset_id: presetId, updated_at_ms: updatedAtMs })
        .where('id', '=', id)
        .execute();
      return findParticipant(tx, meetingId, id);
    });
  }

  async delete(meetingId: string, id: string): Promise<Participant | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      const participant = await lockParticipant(tx, meetingId, id);
      if (participant) await tx.deleteFrom('participants').where('id', '=', id).execute();
      return participant;
    });
  }

  async #findIn(
    meetingId: string,
    column: 'participants.id' | 'participants.custom_id',
    values: readonly string[],
  ): Promise<readonly Participant[]> {
    const found: Participant[] = [];
    for (let start = 0; start < values.length; start += MAX_IN_LIST) {
      const part = values.slice(start, start + MAX_IN_LIST);
      const rows = await selectParticipants(this.#db)
        .where('participants.meeting_id', '=', meetingId)
        .where(column, 'in', part)
        .execute();
      for (const row of rows) found.push(participantOf(row));
    }
    return found;
  }
}

function selectParticipants(db: Kysely<Tables>) {
  return db
    .selectFrom('participants')
    .innerJoin('presets', 'presets.id', 'participants.preset_id')
    .selectAll('participants')
    .select('presets.name as preset_name');
}

function selectParticipant(db: Kysely<Tables>, meetingId: string, id: string) {
  return selectParticipants(db).where('participants.meeting_id', '=', meetingId).where('participants.id', '=', id);
}

async function findParticipant(db: Kysely<Tables>, meetingId: string, id: string): Promise<Participant | undefined> {
  const row = await selectParticipant(db, meetingId, id).executeTakeFirst();
  return row && participantOf(row);
}

/** Returns a participant that no other transaction changes until this one ends. */
async function lockParticipant(tx: Kysely<Tables>, meetingId: string, id: string): Promise<Participant | undefined> {
  const row = await selectParticipant(tx, meetingId, id).forUpdate('participants').executeTakeFirst();
  return row && participantOf(row);
}

function participantOf(row: Selectable<ParticipantsTable> & { readonly preset_name: string }): Participant {
  return {
    id: row.id,
    meetingId: row.meeting_id,
    customId: row.custom_id,
    presetId: row.preset_id,
    presetName: row.preset_name,
    name: row.name,
    picture: row.picture,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
