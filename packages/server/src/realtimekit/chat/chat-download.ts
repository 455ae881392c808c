/**
 * The download of a session's chat: without an API token, by a signed link (RTK-15).
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Apps } from '../../apps/app.ts';
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/store.ts';
import { errorBody } from '../envelope.ts';
import { writeChatCsv } from './chat-csv.ts';
import { type ChatLinks, DOWNLOAD_PATH } from './chat-links.ts';

/** The dependencies of the download. */
export interface ChatDownloadDeps {
  readonly apps: Pick<Apps, 'findByRtkId'>;
  readonly store: Pick<Store, 'sessions' | 'chat'>;
  readonly clock: Clock;
  readonly chatLinks: ChatLinks;
}

const REFUSALS = {
  forged: 'This server did not issue this download link',
  expired: 'This download link has expired; request a new one',
} as const;

/** Adds the route. */
export function registerChatDownload(http: FastifyInstance, { apps, store, clock, chatLinks }: ChatDownloadDeps): void {
  http.get(DOWNLOAD_PATH, async (request, reply): Promise<FastifyReply> => {
    const { app_id: rtkAppId, session_id: sessionId } = request.params as { app_id: string; session_id: string };
    const { expires, signature } = request.query as Readonly<Record<string, unknown>>;
    const verdict = chatLinks.check(rtkAppId, sessionId, String(expires), String(signature));
    if (verdict !== 'good') return reply.code(403).send(errorBody(403, REFUSALS[verdict]));
    const app = apps.findByRtkId(rtkAppId);
    const session = app && (await store.sessions.find(app.appId, sessionId, clock.now()));
    // The session may have been deleted since.
    if (!session?.chat) return reply.code(404).send(errorBody(404, `No chat found for session_id ${sessionId}`));
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="chat-${sessionId}.csv"`)
      .header('cache-control', 'private, no-store')
      .header('x-content-type-options', 'nosniff')
      .send(Readable.from(writeChatCsv(store, session, (fileId) => chatLinks.ofFile(fileId))));
  });
}
