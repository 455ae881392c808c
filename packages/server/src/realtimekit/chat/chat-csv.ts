/**
 * The chat of a session as a CSV file (reference 5.6), with the vendor's columns.
 *
 * @module
 */

import type { ChatRecord } from '../../store/chat.ts';
import type { SessionRecord } from '../../store/sessions.ts';
import type { Store } from '../../store/store.ts';
import { isoTime } from '../envelope.ts';

const COLUMNS = [
  'id',
  'participantId',
  'sessionId',
  'meetingId',
  'displayName',
  'pinned',
  'isEdited',
  'payloadType',
  'payload',
  'createdAt',
];
const LINE_END = '\r\n';
/** Number of messages that are in memory at a time. */
const PART = 500;

/** Generates the file part by part, whatever its length. */
export async function* writeChatCsv(
  store: Pick<Store, 'chat'>,
  { id, meetingId }: Pick<SessionRecord, 'id' | 'meetingId'>,
): AsyncGenerator<string> {
  yield lineOf(COLUMNS);
  let part: readonly ChatRecord[] = [];
  do {
    part = await store.chat.read(id, part.at(-1)?.id ?? '', PART);
    yield part.map((message) => lineOf(cellsOf(message, meetingId))).join('');
  } while (part.length === PART);
}

function cellsOf(message: ChatRecord, meetingId: string): string[] {
  return [
    message.id,
    message.userId,
    message.sessionId,
    meetingId,
    message.name,
    String(message.isPinned),
    String(message.isEdited),
    'TEXT_MESSAGE',
    message.text,
    isoTime(message.sentAtMs),
  ];
}

const lineOf = (cells: readonly string[]): string => cells.map(cellOf).join(',') + LINE_END;

const cellOf = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
