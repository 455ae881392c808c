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

/** The type and the payload of a message, by the content that it has. */
const PAYLOAD_TYPES = {
  text: 'TEXT_MESSAGE',
  image: 'IMAGE_MESSAGE',
  file: 'FILE_MESSAGE',
  custom: 'CUSTOM_MESSAGE',
} as const;

/** Returns the address of a file. */
type UrlOf = (fileId: string) => string;

/** Generates the file part by part, whatever its length. */
export async function* writeChatCsv(
  store: Pick<Store, 'chat'>,
  { id, meetingId }: Pick<SessionRecord, 'id' | 'meetingId'>,
  urlOf: UrlOf,
): AsyncGenerator<string> {
  yield lineOf(COLUMNS);
  let part: readonly ChatRecord[] = [];
  do {
    part = await store.chat.read(id, part.at(-1)?.id ?? '', PART);
    yield part.map((message) => lineOf(cellsOf(message, meetingId, urlOf))).join('');
  } while (part.length === PART);
}

function cellsOf(message: ChatRecord, meetingId: string, urlOf: UrlOf): string[] {
  return [
    message.id,
    message.userId,
    message.sessionId,
    meetingId,
    message.name,
    String(message.isPinned),
    String(message.isEdited),
    PAYLOAD_TYPES[message.content?.type ?? 'text'],
    payloadOf(message, urlOf),
    isoTime(message.sentAtMs),
  ];
}

/** An image or a file is its address; a custom message is JSON, with the addresses of its files. */
function payloadOf({ text, content }: ChatRecord, urlOf: UrlOf): string {
  if (!content) return text;
  if (content.type !== 'custom') return urlOf(content.file.fileId);
  const { payload, files = [] } = content;
  return JSON.stringify({ ...payload, ...(files.length > 0 && { links: files.map(({ fileId }) => urlOf(fileId)) }) });
}

const lineOf = (cells: readonly string[]): string => cells.map(cellOf).join(',') + LINE_END;

const cellOf = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
