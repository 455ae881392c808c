import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallbackReceiver,
  FakeClock,
  RawClient,
  startCallbackReceiver,
  TEST_API_TOKEN,
  TEST_APP,
} from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, start } from '../zego/harness.ts';
import { refusalOf, refused } from './harness.ts';

const { accountId, rtkAppId, name: appName } = TEST_APP;
const account = { account_id: accountId };
const ids = { ...account, app_id: rtkAppId };
const HEADER = 'id,participantId,sessionId,meetingId,displayName,pinned,isEdited,payloadType,payload,createdAt';
const DAY_MS = 24 * 60 * 60 * 1000;

const folder = mkdtempSync(join(tmpdir(), 'gavel-chat-'));
let folders = 0;
let dataDir: string;
let harness: Harness;
let receiver: CallbackReceiver;
let kit: Cloudflare['realtimeKit'];
let meeting: string;

const startServer = async (clock: FakeClock): Promise<void> => {
  harness = await start({ clock, dataDir });
  const options = { apiToken: TEST_API_TOKEN, apiKey: null, apiEmail: null, maxRetries: 0 };
  kit = new Cloudflare({ baseURL: `${harness.baseUrl}/client/v4`, ...options }).realtimeKit;
};

beforeEach(async () => {
  folders += 1;
  dataDir = join(folder, String(folders));
  receiver = await startCallbackReceiver();
  await startServer(new FakeClock(Date.now()));
  meeting = (await kit.meetings.create(rtkAppId, { ...account, title: 'Planning' })).data?.id ?? '';
  const facts = { name: 'ends', url: receiver.url(), events: ['meeting.ended', 'meeting.chatSynced'] as const };
  await kit.webhooks.createWebhook(rtkAppId, { ...account, ...facts, events: [...facts.events] });
});
afterEach(async () => {
  await harness.close();
  await receiver.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const enter = async (customId: string, name = customId) => {
  const body = { custom_participant_id: customId, preset_name: 'group_call_host', name };
  const { data } = await kit.meetings.addParticipant(meeting, { ...ids, ...body });
  const client = await RawClient.open(harness.baseUrl);
  const credential = { scheme: 'participant-token', token: data?.token ?? '' };
  const { error } = await client.request('login', { credential, clientId: customId, members: true });
  if (error) throw new Error(error.message);
  return { client, id: data?.id ?? '' };
};
const say = async (client: RawClient, message: string, to?: readonly string[]): Promise<void> => {
  const { error } = await client.request('send', { kind: 'chat', text: message, ...(to && { to }) });
  if (error) throw new Error(error.message);
};
const endSession = () => kit.activeSession.kickAllParticipants(meeting, ids);
const sessionIds = async (): Promise<string[]> => {
  const { data } = (await kit.sessions.getSessions(rtkAppId, account)) as never as {
    data: { sessions: { id: string }[] };
  };
  return data.sessions.map(({ id }) => id);
};
const sessionId = async (): Promise<string> => (await sessionIds())[0] ?? '';
const linkOf = async (id: string) => (await kit.sessions.getSessionChat(id, ids)).data;
const download = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
/** The lines of the chat of a session that has ended, each as its last columns: user, type, text, time. */
const linesOf = async (id: string): Promise<string[]> => {
  const { text } = await download((await linkOf(id))?.chat_download_url ?? '');
  const [header, ...lines] = text.split('\r\n').slice(0, -1);
  expect(header).toBe(HEADER);
  return lines.map((line) => line.split(',').slice(4).join(','));
};

describe('the chat of a session', () => {
  it('is a CSV file with the columns of the vendor, from an address that the webhook and the API give (RTK-15)', async () => {
    const startedAt = new Date(harness.clock.now()).toISOString();
    const anna = await enter('anna', 'Anna "A", Ångström');
    harness.clock.advance(1000);
    await say(anna.client, 'Hello, "all"\nof you');
    const saidAt = new Date(harness.clock.now()).toISOString();
    harness.clock.advance(5000);
    const id = await sessionId();
    await endSession();
    const endedAt = new Date(harness.clock.now()).toISOString();
    const [ended, synced] = (await receiver.count(2)).map(({ body }) => body);
    expect(ended).toMatchObject({ event: 'meeting.ended' });
    expect(synced).toEqual({
      event: 'meeting.chatSynced',
      sessionId: id,
      meetingId: meeting,
      title: 'Planning',
      chatDownloadUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/client\/v4\/downloads\//),
      chatDownloadUrlExpiry: expect.any(String),
      createdAt: startedAt,
      startedAt,
      endedAt,
      organizedBy: { id: rtkAppId, name: appName },
    });
    const link = await linkOf(id);
    const expiresInMs = Date.parse(link?.chat_download_url_expiry ?? '') - harness.clock.now();
    expect(expiresInMs).toBeGreaterThan(DAY_MS - 1001);
    expect(expiresInMs).toBeLessThanOrEqual(DAY_MS);
    for (const url of [String(synced?.chatDownloadUrl), link?.chat_download_url ?? '']) {
      const { status, headers, text } = await download(url);
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(headers.get('content-disposition')).toBe(`attachment; filename="chat-${id}.csv"`);
      expect(headers.get('cache-control')).toBe('private, no-store');
      const [messageId = '', ...rest] = text.slice(HEADER.length + 2).split(',');
      expect(messageId).toMatch(/^[0-9a-f]{16}-\d{8}$/);
      const name = '"Anna ""A"", Ångström"';
      const payload = '"Hello, ""all""\nof you"';
      expect(rest.join(',')).toBe(
        `${anna.id},${id},${meeting},${name},false,false,TEXT_MESSAGE,${payload},${saidAt}\r\n`,
      );
    }
  });

  it('has what users of the other dialect and the API said to everybody, and nothing that was private (CHAT-7)', async () => {
    const anna = await enter('anna');
    const ben = await enter('ben');
    const zed = await harness.join(meeting, 'zed', { userName: 'Zed' });
    await say(anna.client, 'to all');
    await say(anna.client, 'to Ben alone', [ben.id]);
    await zed.request('send', { kind: 'broadcast', text: 'a broadcast' });
    await zed.request('send', { kind: 'barrage', text: 'a barrage' });
    const message = {
      RoomId: meeting,
      UserId: 'bot',
      UserName: 'Bot',
      MessageCategory: '1',
      MessageContent: 'by the API',
    };
    expect(await harness.codeOf('SendBroadcastMessage', message)).toBe(0);
    const id = await sessionId();
    await endSession();
    const at = new Date(harness.clock.now()).toISOString();
    expect(await linesOf(id)).toEqual([
      `anna,false,false,TEXT_MESSAGE,to all,${at}`,
      `Zed,false,false,TEXT_MESSAGE,a broadcast,${at}`,
      `Bot,false,false,TEXT_MESSAGE,by the API,${at}`,
    ]);
  });

  it('has what was edited as it is, tells what is pinned, and has nothing that was deleted (CHAT-5, CHAT-6, CHAT-7)', async () => {
    const anna = await enter('anna');
    const messageIds: number[] = [];
    for (const text of ['a typo', 'a secret', 'important', 'pinned for a while']) {
      const { result } = await anna.client.request('send', { kind: 'chat', text });
      messageIds.push((result as { messageId: number }).messageId);
    }
    const [typo, secret, important, briefly] = messageIds;
    // Some messages are stored before they change, some after.
    harness.clock.advance(1000);
    await anna.client.request('changeMessage', { messageId: typo, action: 'edit', text: 'no typo' });
    await anna.client.request('changeMessage', { messageId: secret, action: 'delete' });
    for (const messageId of [important, briefly])
      await anna.client.request('changeMessage', { messageId, action: 'pin' });
    await anna.client.request('changeMessage', { messageId: briefly, action: 'unpin' });
    const id = await sessionId();
    await endSession();
    const said = (await linesOf(id)).map((line) => line.split(',').slice(1, 5).join(','));
    expect(said).toEqual([
      'false,true,TEXT_MESSAGE,no typo',
      'true,false,TEXT_MESSAGE,important',
      'false,false,TEXT_MESSAGE,pinned for a while',
    ]);
  });

  it('is one over several lives of the room, in the order in which it was said (RTK-11, RTK-15)', async () => {
    const anna = await enter('anna');
    for (let index = 0; index < 12; index += 1) await say(anna.client, `first ${index}`);
    await anna.client.request('logout');
    harness.clock.advance(30_000);
    const ben = await enter('ben');
    await say(ben.client, 'second 0');
    await endSession();
    expect(await sessionIds()).toHaveLength(1);
    const said = (await linesOf(await sessionId())).map((line) => line.split(',')[4]);
    expect(said).toEqual([...Array.from({ length: 12 }, (_, index) => `first ${index}`), 'second 0']);
  });

  it('is not there of a session that is live, that nobody spoke in, or that is unknown (RTK-15)', async () => {
    const anna = await enter('anna');
    await say(anna.client, 'hello');
    const live = await sessionId();
    const none = (id: string) => refused('NotFoundError', 404, `No chat found for session_id ${id}`);
    expect(await refusalOf(kit.sessions.getSessionChat(live, ids))).toEqual(none(live));
    await endSession();
    expect((await linkOf(live))?.chat_download_url).toContain(live);
    harness.clock.advance(1000);
    await enter('ben');
    const silent = (await sessionIds()).find((id) => id !== live) ?? '';
    await endSession();
    expect(await refusalOf(kit.sessions.getSessionChat(silent, ids))).toEqual(none(silent));
    const unknown = '00000000-0000-4000-8000-000000000000';
    const refusal = refused('NotFoundError', 404, `No session found with id ${unknown}`);
    expect(await refusalOf(kit.sessions.getSessionChat(unknown, ids))).toEqual(refusal);
    // The session without chat sends only the webhook of its end.
    await receiver.count(3);
    expect(receiver.events()).toEqual(['meeting.ended', 'meeting.chatSynced', 'meeting.ended']);
  });

  it('is given to nobody whose address was altered or has expired (RTK-15)', async () => {
    const anna = await enter('anna');
    await say(anna.client, 'hello');
    const id = await sessionId();
    await endSession();
    const url = (await linkOf(id))?.chat_download_url ?? '';
    const other = '00000000-0000-4000-8000-000000000000';
    const forged = { code: 403, message: 'This server did not issue this download link' };
    const altered = [
      url.replace(id, other),
      url.replace(rtkAppId, other),
      url.replace(/expires=(\d)/, 'expires=9$1'),
      url.replace(/signature=../, 'signature=AA'),
      url.replace(/&signature=.*/, ''),
      url.replace(/\?.*/, ''),
      `${url}&signature=again`,
    ];
    for (const each of altered) {
      const { status, text } = await download(each);
      expect({ status, error: JSON.parse(text) }).toEqual({ status: 403, error: { success: false, error: forged } });
    }
    expect((await download(url)).status).toBe(200);
    harness.clock.stepWall(DAY_MS);
    const expired = await download(url);
    expect(expired.status).toBe(403);
    expect(JSON.parse(expired.text).error.message).toBe('This download link has expired; request a new one');
    expect((await download((await linkOf(id))?.chat_download_url ?? '')).status).toBe(200);
  });

  it('is forgotten a week after the end, unless the meeting keeps it (RTK-16)', async () => {
    const anna = await enter('anna');
    await say(anna.client, 'hello');
    const id = await sessionId();
    await endSession();
    const endedAtMs = harness.clock.now();
    meeting = (await kit.meetings.create(rtkAppId, { ...account, persist_chat: true })).data?.id ?? '';
    const ben = await enter('ben');
    await say(ben.client, 'for good');
    const lastingId = (await sessionIds()).find((each) => each !== id) ?? '';
    await endSession();
    harness.clock.stepWall(7 * DAY_MS - 1000);
    const url = (await linkOf(id))?.chat_download_url ?? '';
    expect((await download(url)).status).toBe(200);
    // The check runs once a minute.
    await expect
      .poll(async () => {
        harness.clock.advance(60_000);
        return (await download(url)).status;
      })
      .toBe(404);
    expect(harness.clock.now()).toBeLessThan(endedAtMs + 7 * DAY_MS + 10 * 60_000);
    const none = refused('NotFoundError', 404, `No chat found for session_id ${id}`);
    expect(await refusalOf(kit.sessions.getSessionChat(id, ids))).toEqual(none);
    expect((await linesOf(lastingId)).map((line) => line.split(',')[4])).toEqual(['for good']);
  });

  it('has what was said until a second before a stop or a crash, and is told of at the next start (CHAT-7, RTK-15)', async () => {
    const anna = await enter('anna');
    await say(anna.client, 'written');
    const id = await sessionId();
    await harness.close();
    await startServer(new FakeClock(harness.clock.now() + 5000));
    const [ended, synced] = await receiver.count(2);
    expect([ended?.body.event, synced?.body]).toMatchObject([
      'meeting.ended',
      { event: 'meeting.chatSynced', sessionId: id },
    ]);
    expect((await linesOf(id)).map((line) => line.split(',')[4])).toEqual(['written']);
  });
});
