/**
 * The backend of the example: gives tokens to the page and sends signed calls to the server. It needs Node alone.
 *
 *   GAVEL_URL, GAVEL_APP_ID, GAVEL_SERVER_SECRET   the server and its App; default: what `npm start` has created
 *   PORT                                           default 5180
 */

import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const DIST = new URL('./dist/', import.meta.url);
const TOKEN_LIFETIME_SECONDS = 3600;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const app = readApp();

/** Reads the server's address and the App's keys from the environment, or from the file that dev mode writes. */
function readApp() {
  const { GAVEL_URL, GAVEL_APP_ID, GAVEL_SERVER_SECRET } = process.env;
  if (GAVEL_URL && GAVEL_APP_ID && GAVEL_SERVER_SECRET)
    return { url: GAVEL_URL, id: Number(GAVEL_APP_ID), secret: GAVEL_SERVER_SECRET };
  const dev = JSON.parse(readFileSync(new URL('../../data/dev-credentials.json', import.meta.url), 'utf8'));
  return { url: dev.baseUrl, id: dev.appId, secret: dev.serverSecret };
}

/** Creates a Token04 (AES-GCM): `04`, then base64 of expiry, IV, encrypted claims and the mode byte 1. */
function createToken(userId) {
  const now = Math.floor(Date.now() / 1000);
  const expire = now + TOKEN_LIFETIME_SECONDS;
  const claims = {
    app_id: app.id,
    user_id: userId,
    nonce: randomBytes(4).readInt32BE(),
    ctime: now,
    expire,
    payload: '',
  };
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', app.secret, iv);
  const encrypted = Buffer.concat([cipher.update(JSON.stringify(claims)), cipher.final(), cipher.getAuthTag()]);
  const head = Buffer.alloc(8);
  head.writeBigInt64BE(BigInt(expire));
  const withLength = (bytes) => [Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes];
  return `04${Buffer.concat([head, ...withLength(iv), ...withLength(encrypted), Buffer.from([1])]).toString('base64')}`;
}

/** Makes a signed call of the server API; returns its answer. */
async function call(action, params) {
  const nonce = randomBytes(8).toString('hex');
  const now = Math.floor(Date.now() / 1000);
  const signature = createHash('md5').update(`${app.id}${nonce}${app.secret}${now}`).digest('hex');
  const signed = { Action: action, AppId: app.id, SignatureNonce: nonce, Timestamp: now, SignatureVersion: '2.0' };
  const query = new URLSearchParams({ ...signed, Signature: signature, ...params });
  return (await fetch(`${app.url}/?${query}`)).json();
}

// A real backend checks here who calls: its own session says who may have which token, and who may kick.
const ROUTES = {
  '/api/token': ({ user }) => ({ appId: String(app.id), server: app.url, token: createToken(user) }),
  '/api/kick': ({ room, user, reason }) =>
    call('KickoutUser', { RoomId: room, 'UserId[]': user, CustomReason: reason }),
};

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const route = ROUTES[pathname];
  if (route && request.method === 'POST') {
    const body = await route(Object.fromEntries(searchParams));
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }
  const file = new URL(`.${pathname === '/' ? '/index.html' : pathname}`, DIST);
  if (!file.href.startsWith(DIST.href)) return response.writeHead(404).end();
  response.setHeader('content-type', TYPES[extname(file.pathname)] ?? 'application/octet-stream');
  response.end(await readFile(file));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) =>
    response.writeHead(error.code === 'ENOENT' ? 404 : 502).end(error.message),
  );
});
server.listen(Number(process.env.PORT ?? 5180), '127.0.0.1', () => {
  console.log(`Open http://127.0.0.1:${server.address().port}/`);
});
