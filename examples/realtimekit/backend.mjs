/**
 * The backend of the example: creates one meeting at its start, and a participant for everybody who joins. It needs Node
 * alone; the `cloudflare` package makes the same calls.
 *
 *   GAVEL_URL, GAVEL_ACCOUNT_ID, GAVEL_RTK_APP_ID, GAVEL_API_TOKEN   the server, the account and its App;
 *                                                                    default: what `npm start` has created
 *   PORT                                                             default 5181
 */

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const DIST = new URL('./dist/', import.meta.url);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const PRESETS = ['group_call_host', 'group_call_participant'];
const app = readApp();

/** Reads the server's address and the App's keys from the environment, or from the file that dev mode writes. */
function readApp() {
  const { GAVEL_URL, GAVEL_ACCOUNT_ID, GAVEL_RTK_APP_ID, GAVEL_API_TOKEN } = process.env;
  if (GAVEL_URL && GAVEL_ACCOUNT_ID && GAVEL_RTK_APP_ID && GAVEL_API_TOKEN)
    return { url: GAVEL_URL, account: GAVEL_ACCOUNT_ID, id: GAVEL_RTK_APP_ID, token: GAVEL_API_TOKEN };
  const dev = JSON.parse(readFileSync(new URL('../../data/dev-credentials.json', import.meta.url), 'utf8'));
  return { url: dev.baseUrl, account: dev.accountId, id: dev.rtkAppId, token: dev.apiToken };
}

/** Posts to the App's part of the API; returns the answer's data. */
async function post(path, body) {
  const response = await fetch(`${app.url}/client/v4/accounts/${app.account}/realtime/kit/${app.id}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

const meeting = await post('meetings', { title: 'Example' });

/** A real backend checks here who calls: its own session says who is a host. */
async function addParticipant({ name, preset }) {
  if (!name || !PRESETS.includes(preset)) throw new Error('name or preset is wrong');
  const facts = { name, preset_name: preset, custom_participant_id: `${name}-${Date.now()}` };
  const { token } = await post(`meetings/${meeting.id}/participants`, facts);
  return { authToken: token, baseURI: app.url };
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/api/participants' && request.method === 'POST') {
    const body = await addParticipant(Object.fromEntries(searchParams));
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
server.listen(Number(process.env.PORT ?? 5181), '127.0.0.1', () => {
  console.log(`Open http://127.0.0.1:${server.address().port}/`);
});
