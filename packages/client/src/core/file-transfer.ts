/**
 * Uploads of the files of chat messages, in parts, and the addresses of their downloads.
 *
 * @module
 */

import type { ErrorCode, ErrorDetails, Params, UploadResult } from '@gavel/protocol';
import { SessionError } from './errors.ts';
import type { Clock, Fetch } from './platform.ts';
import { httpUrl } from './url.ts';

/** A part of the upload fails for good after this many failures of the network in a row. */
const MAX_FAILURES = 5;
/** Milliseconds between two tries. */
const RETRY_MS = 1000;

/** What an upload needs of a file: the browser's `File`, or an object like it. */
export type UploadSource = Pick<File, 'name' | 'size' | 'slice'>;

/** The dependencies of transfers. */
export interface FileTransferDeps {
  readonly server: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly createUpload: (params: Params<'createUpload'>) => Promise<UploadResult>;
}

/** The answer to one part. */
interface PartAnswer {
  readonly received?: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly details?: ErrorDetails };
}

/** Uploads files. */
export class FileTransfer {
  readonly #deps: FileTransferDeps;

  constructor(deps: FileTransferDeps) {
    this.#deps = deps;
  }

  /** Returns the address from which a file is downloaded. */
  urlOf(fileId: string): string {
    return `${httpUrl(this.#deps.server)}/files/${fileId}`;
  }

  /** Returns the id of the file at an address of this server; undefined for any other address. */
  findFileId(url: string): string | undefined {
    const fileId = url.slice(url.lastIndexOf('/') + 1);
    return url === this.urlOf(fileId) ? fileId : undefined;
  }

  /**
   * Uploads a file, and returns its id. A part that the network loses is sent again, up to 5 times.
   *
   * @throws SessionError `file.too-large`, `file.no-space`, `file.bad-name`, `file.not-found` if the own member was removed,
   *   `member.not-allowed`, `rate.limited`, `client.disconnected` if no part gets through
   */
  async upload(file: UploadSource): Promise<string> {
    const { name, size } = file;
    const upload = await this.#deps.createUpload({ name, size });
    let offset = 0;
    let failures = 0;
    while (offset < size) {
      const { received, error } = await this.#send(upload, offset, file.slice(offset, offset + upload.maxPartBytes));
      // The answer to a part was lost: the server says how much it has.
      const known = error?.code === 'file.bad-offset' ? error.details?.offset : received;
      if (error && typeof known !== 'number' && error.code !== 'client.disconnected') {
        throw new SessionError(error.code as ErrorCode, error.message, error.details);
      }
      failures = typeof known === 'number' && known > offset ? 0 : failures + 1;
      if (failures >= MAX_FAILURES) throw new SessionError('client.disconnected', 'the upload does not get through');
      if (failures > 0) await new Promise<void>((resolve) => this.#deps.clock.setTimeout(resolve, RETRY_MS));
      if (typeof known === 'number') offset = known;
    }
    return upload.fileId;
  }

  async #send({ fileId, uploadToken }: UploadResult, offset: number, body: Blob): Promise<PartAnswer | Lost> {
    try {
      const response = await this.#deps.fetch(`${this.urlOf(fileId)}?offset=${offset}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${uploadToken}`, 'content-type': 'application/octet-stream' },
        body,
      });
      return (await response.json()) as PartAnswer;
    } catch {
      return { error: { code: 'client.disconnected', message: '' } };
    }
  }
}

/** No answer came. */
interface Lost {
  readonly received?: never;
  readonly error: { readonly code: 'client.disconnected'; readonly message: string; readonly details?: never };
}
