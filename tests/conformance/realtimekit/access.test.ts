import { connect } from 'node:net';
import { openSqliteStore } from '@gavel/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashApiToken } from '../../../packages/server/src/store/api-token-hash.ts';
import {
  ACCOUNT,
  APP,
  type Harness,
  LIMITED_TOKEN,
  NOBODY,
  OTHER_ACCOUNT,
  OTHER_APP,
  OTHER_TOKEN,
  refusalOf,
  SECOND_APP,
  startHarness,
  TOKEN,
} from './harness.ts';

let harness: Harness;
const kit = `/accounts/${ACCOUNT}/realtime/kit`;
const meetings = `${kit}/${APP}/meetings`;
const both = (status: number, message: string) => ({
  success: false,
  error: { code: status, message },
  errors: [{ code: 10000, message: 'Authentication error' }],
  messages: [],
  result: null,
});

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

describe('a token', () => {
  it.each([
    ['none', null, 'The Authorization header is missing'],
    ['an empty one', '', 'The Authorization header is malformed'],
    ['one without a scheme', TOKEN, 'The Authorization header is malformed'],
    ['the scheme alone', 'Bearer', 'The Authorization header is malformed'],
    ['another scheme', `Basic ${TOKEN}`, 'The Authorization header is malformed'],
    ['two', `Bearer ${TOKEN} ${TOKEN}`, 'The Authorization header is malformed'],
    ['an unknown one', `Bearer ${TOKEN}x`, 'The API token is not valid'],
    ['one in the wrong case', `Bearer ${TOKEN.toLowerCase()}`, 'The API token is not valid'],
    ["a participant's", 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.x', 'The API token is not valid'],
  ])('%s is refused by 401 in both envelopes (RTK-1)', async (_name, authorization, message) => {
    for (const below of [meetings, `${kit}/apps`, `${kit}/nowhere`, `${meetings}/${NOBODY}/active-session/nowhere`]) {
      const answer = await harness.request('GET', below, { authorization });
      expect([answer.status, answer.body]).toEqual([401, both(401, message)]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(['Bearer', 'bearer', 'BEARER  '])('is taken after "%s"', async (scheme) => {
    expect((await harness.request('GET', meetings, { authorization: `${scheme} ${TOKEN}` })).status).toBe(200);
  });

  it('of another account is refused by 403 in both envelopes (RTK-1)', async () => {
    const answer = await harness.request('GET', meetings, { authorization: `Bearer ${OTHER_TOKEN}` });
    expect([answer.status, answer.body]).toEqual([403, both(403, `The API token is not valid for account ${ACCOUNT}`)]);
  });

  it('does not open an App of another account by its id (RTK-1)', async () => {
    const answer = await harness.request('GET', `${kit}/${OTHER_APP}/meetings`);
    expect([answer.status, answer.body]).toEqual([403, both(403, `The API token is not valid for app ${OTHER_APP}`)]);
    const theirs = `/accounts/${OTHER_ACCOUNT}/realtime/kit/${OTHER_APP}/meetings`;
    expect((await harness.request('GET', theirs)).status).toBe(403);
  });

  it('limited to some Apps opens those, and tells of no other whether it exists (RTK-1)', async () => {
    const authorization = `Bearer ${LIMITED_TOKEN}`;
    expect((await harness.request('GET', meetings, { authorization })).status).toBe(200);
    for (const app of [SECOND_APP, OTHER_APP, NOBODY]) {
      const answer = await harness.request('GET', `${kit}/${app}/meetings`, { authorization });
      expect([answer.status, answer.body]).toEqual([403, both(403, `The API token is not valid for app ${app}`)]);
    }
  });

  it('of the store is good at once, and void at once (RTK-1)', async () => {
    const token = 'made-later-6kkg7OdcBUAxOO963GEIyGQqnFTO';
    const record = {
      tokenHash: hashApiToken(token),
      name: 'later',
      accountId: ACCOUNT,
      rtkAppIds: [APP],
      createdAtMs: 1,
    };
    const status = async (below: string) =>
      (await harness.request('GET', below, { authorization: `Bearer ${token}` })).status;
    expect(await status(meetings)).toBe(401);
    await harness.store.apiTokens.add(record);
    expect(await status(meetings)).toBe(200);
    expect(await status(`${kit}/${SECOND_APP}/meetings`)).toBe(403);
    await harness.store.apiTokens.delete(record.tokenHash);
    expect(await status(meetings)).toBe(401);
  });

  it("makes the vendor's client throw the class that callers catch (RTK-1)", async () => {
    const call = (token: string) => harness.kitOf(token).meetings.get(APP, { account_id: ACCOUNT });
    expect((await refusalOf(call('nonsense'))).name).toBe('AuthenticationError');
    expect((await refusalOf(call(OTHER_TOKEN))).name).toBe('PermissionDeniedError');
  });
});

describe('ids of the path (RTK-7)', () => {
  const long = (length: number) => 'a'.repeat(length);
  it.each([
    ['account_id', 32, `/accounts/${long(33)}/realtime/kit/${APP}/meetings`],
    ['account_id', 32, `/accounts/${long(200)}/realtime/kit/apps`],
    ['app_id', 36, `${kit}/${long(37)}/meetings`],
    ['meeting_id', 36, `${meetings}/${long(37)}`],
    ['meeting_id', 36, `${meetings}/${long(37)}/active-session`],
    ['participant_id', 36, `${meetings}/${NOBODY}/participants/${long(37)}`],
    ['preset_id', 36, `${kit}/${APP}/presets/${long(37)}`],
    ['session_id', 36, `${kit}/${APP}/sessions/${long(37)}`],
  ])('a too long %s is refused, above %i characters (RTK-7)', async (name, limit, below) => {
    const { status, body } = await harness.request('GET', below);
    const message = `BAD_REQUEST: "${name}" length must be less than or equal to ${limit} characters long`;
    expect([status, body]).toEqual([400, { success: false, error: { code: 400, message } }]);
  });

  it('an App that does not exist is not found', async () => {
    const { status, body } = await harness.request('GET', `${kit}/${NOBODY}/meetings`);
    expect([status, body]).toEqual([
      404,
      { success: false, error: { code: 404, message: `No app found with id ${NOBODY}` } },
    ]);
  });

  it.each(["'; drop table meetings; --", '..', '%00', 'ä'])('an odd one is refused in the envelope: %s', async (id) => {
    const { status, body } = await harness.request('GET', `${meetings}/${encodeURIComponent(id)}/active-session`);
    expect([status, body.success]).toEqual([404, false]);
  });
});

describe('routes', () => {
  it.each(['', '/', '/nowhere', `/${APP}`, `/${APP}/meetings/${NOBODY}/nowhere`])(
    'one that is not there is refused in the envelope: "%s" (RTK-2)',
    async (below) => {
      const { status, headers, body } = await harness.request('GET', `${kit}${below}`);
      expect(status).toBe(404);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      const message = `There is no GET /client/v4${kit}${below}`;
      expect(body).toEqual({ success: false, error: { code: 404, message } });
    },
  );

  it('a verb that a path does not have is refused in the envelope (RTK-2)', async () => {
    expect(await harness.request('DELETE', `${meetings}/${NOBODY}`)).toMatchObject({
      status: 404,
      body: { success: false, error: { code: 404 } },
    });
  });
});

describe('bodies', () => {
  const post = (body: string | Uint8Array | undefined, contentType?: string) =>
    harness.request('POST', meetings, {
      ...(body !== undefined && { body }),
      ...(contentType !== undefined && { contentType }),
    });
  const refusal = (message: string) => ({
    status: 400,
    body: { success: false, error: { code: 400, message: `BAD_REQUEST: ${message}` } },
  });

  it.each([
    ['{"title": ', 'application/json'],
    ['title=x', 'application/json'],
    ['{} {}', 'application/json; charset=utf-8'],
    ["{'title': 'x'}", 'application/json'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'application/json'],
  ])('what is no JSON is refused: %s', async (body, contentType) => {
    expect(await post(body, contentType)).toMatchObject(refusal('"body" must be valid JSON'));
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense'])(
    'another type than JSON is refused: %s',
    async (contentType) => {
      expect(await post('{"title":"x"}', contentType)).toMatchObject({ status: 400, body: { success: false } });
    },
  );

  it('one that is due and missing is refused', async () => {
    expect(await post(undefined)).toMatchObject(refusal('"body" is required'));
    expect(await post('', 'application/json')).toMatchObject(refusal('"body" is required'));
  });

  it('one where none is due is refused, but an empty object', async () => {
    const meeting = await harness.newMeeting();
    const { id } = await harness.newParticipant(meeting, 'a');
    const below = `/${APP}/meetings/${meeting}/participants/${id}/token`;
    expect(await harness.json('POST', below, { expires: 1 })).toMatchObject(refusal('"expires" is not allowed'));
    expect(await harness.json('POST', below, [])).toMatchObject(refusal('"body" must be of type object'));
    expect((await harness.json('POST', below, {})).status).toBe(200);
  });

  it('keys that would reach the prototype are refused like any other that is unknown', async () => {
    for (const key of ['__proto__', 'constructor']) {
      expect(await post(`{"${key}": {"x": 1}}`, 'application/json')).toMatchObject(refusal(`"${key}" is not allowed`));
    }
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('nesting without end and endless names are refused like any other nonsense', async () => {
    const deep = '['.repeat(300_000) + ']'.repeat(300_000);
    expect(await post(`{"title": ${deep}}`, 'application/json')).toMatchObject(refusal('"title" must be a string'));
    expect(await post(`{"ai_config": {"x": ${deep}}}`, 'application/json')).toMatchObject(
      refusal('"ai_config.x" is not allowed'),
    );
    const { body } = await post(`{"${'x'.repeat(500_000)}": 1}`, 'application/json');
    expect(body.error.message.length).toBeLessThan(400);
  });

  it('one of more than 1 MiB is refused by 413, and one of just less is read', async () => {
    const padded = (length: number) => `{"title":"x"${' '.repeat(length - 13)}}`;
    expect((await post(padded(1024 * 1024), 'application/json')).status).toBe(201);
    const { status, body } = await post(padded(1024 * 1024 + 1), 'application/json');
    expect([status, body.success, body.error.code]).toEqual([413, false, 413]);
  });

  it('a stranger is refused before a byte of the body is read (RTK-1)', async () => {
    const { hostname, port } = new URL(harness.baseUrl);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST /client/v4${meetings} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`);
        socket.write('Content-Length: 1000000\r\n\r\n');
      });
      socket.once('data', (data) => {
        resolve(String(data));
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('what breaks inside', () => {
  it('is answered 500 in the envelope, logged with the request id, and shows nothing of the stack (RTK-2)', async () => {
    const store = await openSqliteStore(':memory:');
    vi.spyOn(store.meetings, 'list').mockRejectedValue(new Error('a fault of the program'));
    const broken = await startHarness({ store });
    const { status, body } = await broken.request('GET', meetings);
    expect(status).toBe(500);
    expect(body).toEqual({
      success: false,
      error: { code: 500, message: expect.stringMatching(/^Internal error; see the server log for request id \S+$/) },
    });
    const [entry] = broken.errors as { requestId: string; err: Error }[];
    expect(body.error.message).toContain(entry?.requestId);
    expect(entry?.err.stack).toBeDefined();
    await broken.stop();
  });
});
