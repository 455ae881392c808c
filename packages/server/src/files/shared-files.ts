/**
 * The files of chat messages at several nodes: one node is responsible for the files of an App, and has their bytes. Other nodes send
 * it the uploads of their clients, part by part, and read from it what their clients download. In a single process all of these
 * are calls.
 *
 * @module
 */

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  type AppId,
  filesOf,
  GavelError,
  isGavelError,
  type NewContent,
  type RoomKey,
  type UploadResult,
  type WireContent,
} from '@gavel/protocol';
import type { NodeId } from '../cluster/node-link.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { EventBatch } from '../owner/event-feed.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { FileRecord } from '../store/files.ts';
import { ChatFiles, type ChatFilesDeps } from './chat-files.ts';

/** Bytes that one message between nodes has of a file. */
const CHUNK_BYTES = 256 * 1024;

/** A file that is open for reading, here or at another node. */
export interface OpenFile {
  readonly record: FileRecord;
  readonly handle: Pick<FileHandle, 'close'> & {
    /** Returns the bytes from `start` to `end`, both included, and closes the file after them. */
    createReadStream(range: { readonly start: number; readonly end: number }): Readable;
  };
}

/** The content of a message with the facts of its files. */
export interface ClaimedContent {
  readonly content: WireContent;
  /** Call it if the message is not sent: its files are free for another one. */
  readonly release: () => void;
}

interface NewUpload {
  readonly key: RoomKey;
  readonly member: MemberInfo;
  readonly file: { readonly name: string; readonly size: number };
}
interface NewClaim {
  readonly key: RoomKey;
  readonly member: MemberInfo;
  readonly content: NewContent;
  readonly messageId?: number;
}
interface Part {
  readonly fileId: string;
  readonly offset: number;
  readonly base64: string;
}
interface Chunk {
  readonly fileId: string;
  readonly start: number;
  readonly end: number;
}
type PartAnswer = Awaited<ReturnType<ChatFiles['addPart']>>;

const byFile = ({ fileId }: { readonly fileId: string }): string => `file ${fileId}`;
const CREATE = defineTopic<NewUpload, UploadResult>('files.create-upload');
const HAS_UPLOAD = defineTopic<{ readonly fileId: string }, { readonly node: NodeId | null }>('files.has-upload');
const CHECK = defineTopic<{ readonly fileId: string; readonly token: string }, null>('files.check-upload', byFile);
const PART = defineTopic<Part, PartAnswer>('files.part', byFile);
const CLAIM = defineTopic<NewClaim, { readonly content: WireContent }>('files.claim');
const RELEASE = defineTopic<{ readonly fileIds: readonly string[] }, null>('files.release');
const CHUNK = defineTopic<Chunk, { readonly base64: string | null }>('files.chunk', byFile);

const subjectOf = (appId: AppId): string => `files ${appId}`;

/** Returns whether this node is responsible for the files of an App. */
const ownsFilesOf = (peers: Pick<Peers, 'self' | 'nodeFor'>, appId: AppId): boolean =>
  peers.nodeFor(subjectOf(appId)) === peers.self;

/** Dependencies of `SharedFiles`. */
export interface SharedFilesDeps extends Pick<ChatFilesDeps, 'bus' | 'store' | 'clock' | 'log' | 'path'> {
  readonly peers: Peers;
  /** Maximum bytes of a file, of a room and of an App. */
  readonly settings: {
    readonly maxFileBytes: number;
    readonly maxRoomFileBytes: number;
    readonly maxAppFileBytes: number;
  };
}

/** The files of all nodes, for the doors. */
export class SharedFiles {
  readonly #deps: { readonly peers: Peers; readonly own: ChatFiles; readonly report: (error: unknown) => void };

  /** Opens the files of this node, as `ChatFiles.open` does, and serves them to the others. */
  static async open({ peers, settings, ...deps }: SharedFilesDeps): Promise<SharedFiles> {
    const own = await ChatFiles.open({
      ...deps,
      maxFileBytes: settings.maxFileBytes,
      limits: { perRoom: settings.maxRoomFileBytes, perApp: settings.maxAppFileBytes },
      hasOthers: peers.nodes().length > 1,
      isResponsibleFor: (appId) => ownsFilesOf(peers, appId),
    });
    const report = (error: unknown): void =>
      deps.log.error({ err: error }, 'a message to another node about files of chat messages failed');
    return new SharedFiles(peers, own, report);
  }

  private constructor(peers: Peers, own: ChatFiles, report: (error: unknown) => void) {
    this.#deps = { peers, own, report };
    peers.serve(CREATE, ({ key, member, file }) => own.createUpload(key, member, file));
    peers.serve(HAS_UPLOAD, ({ fileId }) => ({ node: own.hasUpload(fileId) ? peers.self : null }));
    peers.serve(CHECK, async ({ fileId, token }) => {
      await own.checkUpload(fileId, token);
      return null;
    });
    peers.serve(PART, ({ fileId, offset, base64 }) => own.addPart(fileId, offset, Buffer.from(base64, 'base64')));
    peers.serve(CLAIM, async ({ key, member, content, messageId }) => ({
      content: await own.claim(key, member, content, messageId),
    }));
    peers.serve(RELEASE, ({ fileIds }) => {
      own.release(fileIds);
      return null;
    });
    peers.serve(CHUNK, (chunk) => this.#readChunk(chunk));
    peers.onNodesChanged(() => void own.recount().catch(report));
  }

  /** Begins to delete what is due, every minute. */
  start(): void {
    this.#deps.own.start();
  }

  /** Ends all uploads of this node; resolves when nothing is being deleted any longer. */
  close(): Promise<void> {
    return this.#deps.own.close();
  }

  /** Reserves a file for a member. @throws GavelError as `ChatFiles.createUpload`; `server.node-unavailable` */
  createUpload(key: RoomKey, member: MemberInfo, file: NewUpload['file']): Promise<UploadResult> {
    return this.#deps.peers.askFor(subjectOf(key.appId), CREATE, { key, member, file });
  }

  /** Checks that a part may be sent. @throws GavelError as `ChatFiles.checkUpload`; `server.node-unavailable` */
  async checkUpload(fileId: string, token: string): Promise<void> {
    const { peers } = this.#deps;
    await peers.ask(await this.#findUpload(fileId), CHECK, { fileId, token });
  }

  /** Adds a part of an upload. @throws GavelError as `ChatFiles.addPart`; `server.node-unavailable` */
  async addPart(fileId: string, offset: number, part: Buffer): Promise<PartAnswer> {
    const { peers, own } = this.#deps;
    const node = await this.#findUpload(fileId);
    if (node === peers.self) return own.addPart(fileId, offset, part);
    return peers.ask(node, PART, { fileId, offset, base64: part.toString('base64') });
  }

  /** Claims the files of a message. @throws GavelError as `ChatFiles.claim`; `server.node-unavailable` */
  async claim(key: RoomKey, member: MemberInfo, content: NewContent, messageId?: number): Promise<ClaimedContent> {
    const { peers, report } = this.#deps;
    const node = peers.nodeFor(subjectOf(key.appId));
    const request = { key, member, content, ...(messageId !== undefined && { messageId }) };
    const { content: claimed } = await peers.ask(node, CLAIM, request);
    const fileIds = filesOf(claimed).map((file) => file.fileId);
    return { content: claimed, release: () => void peers.ask(node, RELEASE, { fileIds }).catch(report) };
  }

  /** Opens a complete file for whoever knows its id; undefined if there is none. The caller closes it. */
  async openFile(fileId: string): Promise<OpenFile | undefined> {
    const { peers, own } = this.#deps;
    const record = await own.findRecord(fileId);
    const handle = record && (await own.openBytes(fileId));
    if (!record || handle) return record && handle && { record, handle };
    const responsible = peers.nodeFor(subjectOf(record.appId));
    // Another node has the bytes, if the nodes were others at the time of the upload.
    const others = peers.nodes().filter((node) => node !== peers.self && node !== responsible);
    for (const node of responsible === peers.self ? others : [responsible, ...others]) {
      const { base64 } = await peers.ask(node, CHUNK, { fileId, start: 0, end: 0 }).catch(ignoreGone);
      if (base64 !== null) return { record, handle: this.#handleAt(node, fileId) };
    }
    return undefined;
  }

  /** Follows the events of the Apps that this node is responsible for. */
  handle(batch: EventBatch): Promise<void> | undefined {
    const { peers, own } = this.#deps;
    return ownsFilesOf(peers, batch.key.appId) ? own.handle(batch) : undefined;
  }

  /** Returns the node of an upload that is under way. @throws GavelError `file.not-found` */
  async #findUpload(fileId: string): Promise<NodeId> {
    const { peers, own } = this.#deps;
    if (own.hasUpload(fileId)) return peers.self;
    const answers = await peers.askOthers(HAS_UPLOAD, { fileId });
    const node = answers.find((answer) => answer.node !== null)?.node;
    if (node == null) throw new GavelError('file.not-found');
    return node;
  }

  #handleAt(node: NodeId, fileId: string): OpenFile['handle'] {
    const { peers } = this.#deps;
    async function* read({ start, end }: { readonly start: number; readonly end: number }) {
      for (let at = start; at <= end; at += CHUNK_BYTES) {
        const chunk = { fileId, start: at, end: Math.min(end, at + CHUNK_BYTES - 1) };
        const { base64 } = await peers.ask(node, CHUNK, chunk);
        if (base64 === null) throw new GavelError('file.not-found');
        yield Buffer.from(base64, 'base64');
      }
    }
    return { createReadStream: (range) => Readable.from(read(range)), close: async () => {} };
  }

  async #readChunk({ fileId, start, end }: Chunk): Promise<{ readonly base64: string | null }> {
    const handle = await this.#deps.own.openBytes(fileId);
    if (!handle) return { base64: null };
    try {
      const bytes = Buffer.alloc(Math.min(end - start + 1, CHUNK_BYTES));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return { base64: bytes.toString('base64', 0, bytesRead) };
    } finally {
      await handle.close();
    }
  }
}

function ignoreGone(error: unknown): { readonly base64: null } {
  if (isGavelError(error, 'server.node-unavailable')) return { base64: null };
  throw error;
}
