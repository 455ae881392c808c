import { expect, test } from 'vitest';
import { act, kick, previewAct, previewBan, previewKick } from './actions.ts';
import { AdminClient } from './admin-client.ts';

const ROOM = { appId: 7, environment: 'production', roomId: 'a/b' } as const;
const ANNA = { ...ROOM, memberId: 'm1', userId: 'anna', userName: 'Anna', address: '192.0.2.1', isWaiting: false };
const BOB = { ...ROOM, memberId: 'm2', userId: 'bob', userName: 'bob', isWaiting: true };

/** A client whose server answers each path once, and refuses other paths. */
function makeClient(answers: Readonly<Record<string, object>>) {
  const sent: { path: string; body: unknown; key: string | null }[] = [];
  const client = new AdminClient(
    async (url, { body, headers, method }) => {
      const path = `${method} ${url.replace('/admin/v1', '')}`;
      sent.push({ path, body: JSON.parse(String(body)), key: new Headers(headers).get('idempotency-key') });
      const answer = answers[path];
      const refusal = { error: { code: 'not-found', message: `There is no ${path}` } };
      return new Response(JSON.stringify(answer ?? refusal), { status: answer ? 200 : 404 });
    },
    () => undefined,
  );
  return { client, sent };
}

test('a kick is previewed by a dry run, which names whom it and its ban hit', async () => {
  const path = 'POST /rooms/7/production/a%2Fb/kick';
  const { client, sent } = makeClient({ [path]: { isDryRun: true, people: [ANNA], bans: [], covered: [BOB] } });
  const request = { userIds: ['anna'], ban: { of: 'address', in: 'room', seconds: 60 } } as const;
  expect(await previewKick(client, ROOM, { ...request, userIds: ['anna'] })).toEqual({
    summary: '1 person will be put out.',
    lines: ['Anna (anna) at 192.0.2.1', 'bob, waiting: also banned'],
  });
  await kick(client, ROOM, { ...request, userIds: ['anna'] }, 'spam', 'key-1');
  expect(sent).toEqual([
    { path, body: { ...request, reason: 'preview', dryRun: true }, key: null },
    { path, body: { ...request, reason: 'spam' }, key: 'key-1' },
  ]);
});

test('the end of a stream, a mute and a close have paths of their own', async () => {
  const base = 'POST /rooms/7/production/a%2Fb';
  const { client, sent } = makeClient({
    [`${base}/streams/cam%201/delete`]: { isDryRun: true, streamId: 'cam 1' },
    [`${base}/mute`]: { isDryRun: false, people: [ANNA] },
    [`${base}/close`]: { isDryRun: true, people: [ANNA, BOB] },
  });
  const preview = await previewAct(client, ROOM, { type: 'delete-stream', streamId: 'cam 1' });
  expect(preview.summary).toContain('The stream will end');
  expect((await previewAct(client, ROOM, { type: 'close' })).summary).toBe('2 people will be put out.');
  await act(client, ROOM, { type: 'mute', userIds: ['anna'], audio: true, video: false }, 'too loud', 'key-2');
  expect(sent.at(-1)).toEqual({
    path: `${base}/mute`,
    body: { userIds: ['anna'], audio: true, video: false, reason: 'too loud' },
    key: 'key-2',
  });
});

test('a ban that covers nobody who is present says so', async () => {
  const { client } = makeClient({ 'POST /bans/7/production': { isDryRun: true, ban: null, covered: [] } });
  expect(await previewBan(client, ROOM, { userId: 'eve' })).toEqual({
    summary: 'Nobody will be put out now.',
    lines: [],
  });
});
