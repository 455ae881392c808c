/**
 * Requests built by third-party clients: curl, Python's urllib and Node's URLSearchParams write one call in three
 * encodings. Each signs by the algorithm as the vendor documents it (reference zego 1.4).
 */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Harness, start } from './harness.ts';

const run = promisify(execFile);
const REASON = 'Spam & "ads" + 100 % 违规 🙂';

/** The call that a client makes; the client signs and encodes it. */
interface Order {
  readonly baseUrl: string;
  readonly appId: string;
  readonly secret: string;
  readonly nowS: string;
}

const CURL = `
nonce=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \\n')
signature=$(printf %s "$APP_ID$nonce$SECRET$NOW" | md5sum | cut -d' ' -f1)
curl -sS -g -G "$BASE_URL/" -d Action=KickoutUser -d "AppId=$APP_ID" -d "SignatureNonce=$nonce" -d "Timestamp=$NOW" \\
  -d "Signature=$signature" -d SignatureVersion=2.0 -d IsTest=false \\
  -d RoomId=r -d 'UserId[]=a' -d 'UserId[]=b' --data-urlencode "CustomReason=$REASON"
`;

const PYTHON = `
import hashlib, os, secrets, urllib.parse, urllib.request
env = os.environ
nonce = secrets.token_hex(8)
text = env["APP_ID"] + nonce + env["SECRET"] + env["NOW"]
query = urllib.parse.urlencode({
    "Action": "KickoutUser", "AppId": env["APP_ID"], "SignatureNonce": nonce, "Timestamp": env["NOW"],
    "Signature": hashlib.md5(text.encode()).hexdigest(), "SignatureVersion": "2.0", "IsTest": "False",
    "RoomId": "r", "UserId[]": ["a", "b"], "CustomReason": env["REASON"],
}, doseq=True)
print(urllib.request.urlopen(env["BASE_URL"] + "?" + query).read().decode())
`;

async function byCommand(command: string, args: readonly string[], order: Order): Promise<unknown> {
  const { baseUrl: BASE_URL, appId: APP_ID, secret: SECRET, nowS: NOW } = order;
  const env = { PATH: process.env.PATH ?? '', BASE_URL, APP_ID, SECRET, NOW, REASON };
  return JSON.parse((await run(command, [...args], { env })).stdout);
}

async function byFetch({ baseUrl, appId, secret, nowS }: Order): Promise<unknown> {
  const url = new URL(baseUrl);
  const nonce = randomBytes(8).toString('hex');
  const signature = createHash('md5').update(`${appId}${nonce}${secret}${nowS}`).digest('hex');
  for (const [name, value] of [
    ['Action', 'KickoutUser'],
    ['AppId', appId],
    ['SignatureNonce', nonce],
    ['Timestamp', nowS],
    ['Signature', signature],
    ['SignatureVersion', '2.0'],
    ['RoomId', 'r'],
    ['UserId[]', 'a'],
    ['UserId[]', 'b'],
    ['CustomReason', REASON],
  ] as const) {
    url.searchParams.append(name, value);
  }
  return (await fetch(url)).json();
}

const isThere = async (command: string): Promise<boolean> =>
  run(command, ['--version']).then(
    () => true,
    () => false,
  );

let harness: Harness;
let hasCurl = false;
let hasPython = false;
beforeAll(async () => {
  [hasCurl, hasPython] = await Promise.all([isThere('curl'), isThere('python3')]);
});
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const order = (): Order => ({
  baseUrl: harness.baseUrl,
  appId: String(harness.app.appId),
  secret: harness.app.serverSecret,
  nowS: String(Math.floor(harness.clock.now() / 1000)),
});

/** Two users are kicked by the call, and read the reason as it was written (KICK-11). */
async function expectKick(call: (order: Order) => Promise<unknown>): Promise<void> {
  const victims = await Promise.all(['a', 'b'].map((userId) => harness.join('r', userId)));
  expect(await call(order())).toMatchObject({ Code: 0, Message: 'success' });
  for (const victim of victims) expect(await victim.event('removed')).toMatchObject({ reason: REASON });
}

test('curl kicks two users (ACC-1, ACC-3, ACC-4, KICK-11)', async ({ skip }) => {
  if (!hasCurl) skip('there is no curl on this machine');
  await expectKick((one) => byCommand('bash', ['-c', CURL], one));
});

test('Python’s urllib kicks two users (ACC-1, ACC-3, ACC-4, KICK-11)', async ({ skip }) => {
  if (!hasPython) skip('there is no Python on this machine');
  await expectKick((one) => byCommand('python3', ['-c', PYTHON], one));
});

test('Node’s fetch and URLSearchParams kick two users (ACC-1, ACC-3, ACC-4, KICK-11)', async () => {
  await expectKick(byFetch);
});
