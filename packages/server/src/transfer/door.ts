/**
 * The door of files: uploads and downloads of the files of chat messages, by HTTP (CHAT-8, CHAT-9).
 *
 * @example
 * // PUT /files/<id>?offset=0        a part of a file, with the token that `createUpload` answered
 * // GET /files/<id>                 the file, for whoever knows its id
 *
 * @module
 */

import { CONTENT_LIMITS, ERRORS, GavelError } from '@gavel/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentDisposition } from '../files/file-names.ts';
import { UNKNOWN_TYPE } from '../files/media-types.ts';
import type { OpenFile, SharedFiles } from '../files/shared-files.ts';
import { parseByteRange } from './byte-range.ts';

/** The dependencies of the door. */
export interface FileDoorDeps {
  readonly files: SharedFiles;
  readonly log: { error(fields: object, message: string): void };
}

/** Whatever was thrown, with what the framework adds to its own errors. */
type Fault = Error & { readonly code?: string; readonly statusCode?: number };

const PATH = '/files/:file_id';
/** Pages of every origin upload and show files: the token and the address are what protects them. */
const FOR_EVERY_ORIGIN = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
} as const;
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, PUT',
  'access-control-allow-headers': 'authorization, content-type, range',
  'access-control-max-age': '86400',
} as const;

/** Adds the routes. */
export function registerFileDoor(http: FastifyInstance, { files, log }: FileDoorDeps): void {
  // A scope of its own: its bodies are bytes, and its errors those of the protocol.
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: CONTENT_LIMITS.partBytes } as const;
    scope.addContentTypeParser('*', options, async (_: unknown, body: Buffer) => body);
    scope.addHook('onRequest', async (_request, reply) => void reply.headers(FOR_EVERY_ORIGIN));
    scope.setErrorHandler((error: Fault, request, reply) => answerError(error, request, reply, log));

    scope.options(PATH, async (_request, reply) => reply.code(204).headers(PREFLIGHT).send());
    scope.put(PATH, {
      // Before the part is read.
      onRequest: async (request) => files.checkUpload(fileIdOf(request), bearerTokenOf(request)),
      handler: async (request) => files.addPart(fileIdOf(request), offsetOf(request), bodyOf(request)),
    });
    // The framework answers HEAD as it answers GET, without the body.
    scope.get(PATH, async (request, reply) => {
      const file = await files.openFile(fileIdOf(request));
      if (!file) throw new GavelError('file.not-found');
      return sendFile(file, request, reply);
    });
  });
}

function sendFile({ record, handle }: OpenFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { name, mediaType, size, fileId } = record;
  // Only images, sound and video are shown: everything else might be a page with a script.
  const kind = mediaType === UNKNOWN_TYPE ? 'attachment' : 'inline';
  reply.headers({
    'content-type': mediaType,
    'content-disposition': contentDisposition(kind, name),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-cache',
    etag: `"${fileId}"`,
    'accept-ranges': 'bytes',
  });
  const close = () => void handle.close().catch(() => undefined);
  if (request.headers['if-none-match'] === `"${fileId}"`) {
    close();
    return reply.code(304).send();
  }
  const range = parseByteRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    close();
    return reply.code(416).header('content-range', `bytes */${size}`).send();
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  reply.header('content-length', end - start + 1);
  return reply.send(handle.createReadStream({ start, end }));
}

const fileIdOf = ({ params }: FastifyRequest): string => (params as { readonly file_id: string }).file_id;

const bearerTokenOf = ({ headers }: FastifyRequest): string =>
  /^Bearer ([\w-]{1,64})$/i.exec(headers.authorization ?? '')?.[1] ?? '';

/** @throws GavelError `request.malformed` */
function offsetOf({ query }: FastifyRequest): number {
  const { offset } = query as { readonly offset?: unknown };
  if (typeof offset !== 'string' || !/^\d{1,15}$/.test(offset)) {
    throw new GavelError('request.malformed', 'The query has no "offset", a number of bytes.');
  }
  return Number(offset);
}

/** @throws GavelError `request.malformed` */
function bodyOf({ body }: FastifyRequest): Buffer {
  if (!Buffer.isBuffer(body)) throw new GavelError('request.malformed', 'The request has no body.');
  return body;
}

function answerError(
  error: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  log: FileDoorDeps['log'],
): FastifyReply {
  if (error instanceof GavelError && error.code !== 'server.internal') {
    const { code, message, details } = error;
    return reply.code(ERRORS[code].status).send({ error: { code, message, ...(details && { details }) } });
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return answerError(new GavelError('request.too-large'), request, reply, log);
  if (error.code?.startsWith('FST_ERR_CTP_') && (error.statusCode ?? 500) < 500) {
    return answerError(new GavelError('request.malformed', error.message), request, reply, log);
  }
  log.error({ err: error, requestId: request.id, method: request.method }, 'file transfer failed');
  const message = `An internal error occurred (request ${request.id}).`;
  return reply.code(500).send({ error: { code: 'server.internal', message } });
}
