/**
 * The store over any SQL database that Kysely speaks to.
 *
 * @module
 */

import type { Kysely } from 'kysely';
import type { Store } from '../store.ts';
import { SqlAdminTokens } from './admin-tokens.ts';
import { SqlApiTokens } from './api-tokens.ts';
import { SqlApps } from './apps.ts';
import { SqlAudit } from './audit.ts';
import { SqlChat } from './chat.ts';
import { SqlEndedTickets } from './ended-tickets.ts';
import { SqlFiles } from './files.ts';
import { SqlJournal } from './journal.ts';
import { SqlMeetings } from './meetings.ts';
import { SqlNonces } from './nonces.ts';
import { SqlOutbox } from './outbox.ts';
import { LOCAL_NODE } from './owner.ts';
import { SqlParticipants } from './participants.ts';
import { SqlPresets } from './presets.ts';
import { SqlRules } from './rules.ts';
import { SqlSessions } from './sessions.ts';
import { SqlSigningKeys } from './signing-keys.ts';
import type { Tables } from './tables.ts';
import { SqlWebhooks } from './webhooks.ts';

/**
 * Creates a store of a database whose schema is up to date; closing the store closes it.
 *
 * @param node the node of this process: sessions and live rooms are stored as its own
 */
export function createSqlStore(db: Kysely<Tables>, node = LOCAL_NODE): Store {
  const ping = async (): Promise<void> => {
    await db.selectFrom('apps').select('seq').limit(1).execute();
  };
  return {
    apps: new SqlApps(db),
    apiTokens: new SqlApiTokens(db),
    adminTokens: new SqlAdminTokens(db),
    meetings: new SqlMeetings(db),
    participants: new SqlParticipants(db),
    presets: new SqlPresets(db),
    signingKeys: new SqlSigningKeys(db),
    journal: new SqlJournal(db, node),
    audit: new SqlAudit(db),
    outbox: new SqlOutbox(db),
    nonces: new SqlNonces(db),
    rules: new SqlRules(db),
    endedTickets: new SqlEndedTickets(db),
    sessions: new SqlSessions(db, node),
    chat: new SqlChat(db),
    files: new SqlFiles(db),
    webhooks: new SqlWebhooks(db),
    ping,
    async close() {
      // Kysely closes only what it has used. A database that does not answer is closed too.
      await ping().catch(() => {});
      await db.destroy();
    },
  };
}
