/**
 * A moderating bot in Node 22 or newer: sits in a room, reads the messages, and has whoever writes a forbidden word kicked by a
 * signed call.
 *
 *   GAVEL_URL, GAVEL_APP_ID, GAVEL_SERVER_SECRET   the server and its App; default: what `npm start` has created
 *   ROOM                                           default `lobby`
 *   FORBIDDEN                                      words, separated by commas; default `spam`
 */

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nodePlatform, RoomSession, randomId } from '@gavel/client/node';

const app = readApp();
const roomId = process.env.ROOM ?? 'lobby';
const forbidden = (process.env.FORBIDDEN ?? 'spam').toLowerCase().split(',');

/** Reads the server's address and the App's keys from the environment, or from the file that dev mode writes. */
function readApp() {
  const { GAVEL_URL, GAVEL_APP_ID, GAVEL_SERVER_SECRET } = process.env;
  if (GAVEL_URL && GAVEL_APP_ID && GAVEL_SERVER_SECRET)
    return { url: GAVEL_URL, id: Number(GAVEL_APP_ID), secret: GAVEL_SERVER_SECRET };
  const dev = JSON.parse(readFileSync(new URL('../../data/dev-credentials.json', import.meta.url), 'utf8'));
  return { url: dev.baseUrl, id: dev.appId, secret: dev.serverSecret };
}

async function kick(userId, reason) {
  const nonce = randomBytes(8).toString('hex');
  const now = Math.floor(Date.now() / 1000);
  const signature = createHash('md5').update(`${app.id}${nonce}${app.secret}${now}`).digest('hex');
  const signed = {
    Action: 'KickoutUser',
    AppId: app.id,
    SignatureNonce: nonce,
    Timestamp: now,
    SignatureVersion: '2.0',
  };
  const params = { RoomId: roomId, 'UserId[]': userId, CustomReason: reason };
  const query = new URLSearchParams({ ...signed, Signature: signature, ...params });
  const { Code, Message } = await (await fetch(`${app.url}/?${query}`)).json();
  console.log(`kick of ${userId}: ${Code} ${Message}`);
}

const session = new RoomSession({
  server: app.url,
  // A server outside dev mode wants a token here: the backend of the ZEGO example creates one.
  login: { credential: { scheme: 'app-token', appId: app.id, token: '' }, clientId: randomId(), roomId, userId: 'bot' },
  platform: nodePlatform(),
});
session.on('message', ({ from, text }) => {
  const word = forbidden.find((word) => text.toLowerCase().includes(word));
  if (word !== undefined) kick(from.id, `The word "${word}" is not welcome here.`).catch(console.error);
});
session.on('stateChanged', ({ name }) => {
  if (name === 'ended') process.exit(1);
});
await session.login();
console.log(`watching ${roomId}`);
