/** Transport of calls: methods, bodies, encodings, sizes (ACC-1, ACC-4, ACC-5, ACC-8). */

import { request as httpRequest, type RequestOptions } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Harness, type Params, start } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await start();
});
beforeEach(() => harness.nextSecond());
afterAll(() => harness.close());

/** Sends a request with a raw request line, without a client library. */
function sendRaw(options: RequestOptions, body?: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(harness.baseUrl);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const rawCode = async (path: string) => {
  const { status, text } = await sendRaw({ path });
  expect(status).toBe(200);
  return (JSON.parse(text) as Answer).Code;
};

async function post(
  params: Params,
  body: string | Uint8Array<ArrayBuffer> | undefined,
  type = 'application/json',
): Promise<Answer> {
  const init = { method: 'POST', headers: { 'content-type': type }, ...(body !== undefined && { body }) };
  const response = await fetch(harness.baseUrl + harness.sign(params), init);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

const kicked = async (room: string, send: () => Promise<number>) => {
  for (const user of ['a', 'b', 'stays']) await harness.join(room, user);
  expect(await send()).toBe(0);
  return harness.usersOf(room);
};

describe('the path', () => {
  test('is also found in a whole URL, as proxies send it (ACC-1)', async () => {
    const path = harness.sign({ Action: 'DescribeUserNum', RoomId: ['r'] });
    expect(await rawCode(`http://gavel.example${path}`)).toBe(0);
  });

  test.each(['/x', '/x?Action=DescribeUserNum', 'http://gavel.example/x/?Action=DescribeUserNum'])(
    '%s is no call',
    async (path) => expect((await sendRaw({ path })).status).toBe(404),
  );
});

describe('lists in the query', () => {
  test.each([
    ['brackets', 'UserId[]=a&UserId[]=b'],
    ['encoded brackets', 'UserId%5B%5D=a&UserId%5b%5d=b'],
    ['a bare repeated name', 'UserId=a&UserId=b'],
    ['indexes', 'UserId[0]=a&UserId[1]=b'],
    ['a mixture', 'UserId=a&x=1&UserId%5B7%5D=b'],
  ])('may be written with %s (ACC-4)', async (spelling, query) => {
    const room = spelling.replaceAll(' ', '-');
    const send = () => rawCode(`${harness.sign({ Action: 'KickoutUser' })}&RoomId=${room}&${query}`);
    expect(await kicked(room, send)).toEqual(['stays']);
  });
});

describe('scalars in the query', () => {
  const withQuery = (query: string) => rawCode(`${harness.sign({ Action: 'KickoutUser' })}&UserId=a&${query}`);

  test('given twice with one text are that text; with different texts they are refused with 2', async () => {
    expect(await withQuery('RoomId=r&RoomId=r')).toBe(50001);
    expect(await withQuery('RoomId=r&RoomId=s')).toBe(2);
  });

  test('a repeated Action counts once, a second one refuses the call', async () => {
    expect(await withQuery('RoomId=r&Action=KickoutUser')).toBe(50001);
    expect(await withQuery('RoomId=r&Action=CloseRoom')).toBe(100000007);
  });

  test('in list spelling with one entry are that entry, with several they are refused with 2 (ACC-4)', async () => {
    expect(await withQuery('RoomId[]=r')).toBe(50001);
    expect(await withQuery('RoomId[]=r&RoomId[]=s')).toBe(2);
  });

  test('of unknown names are ignored, broken ones too (ACC-4)', async () => {
    expect(await withQuery('RoomId=r&Extra=1&Extra=2&extra[x]=%zz&%ff=1&&=&roomid=s')).toBe(50001);
  });
});

describe('encodings', () => {
  const withReason = (text: string) =>
    rawCode(`${harness.sign({ Action: 'CloseRoom' })}&RoomId=none&CustomReason=${text}`);

  test.each(['%E8%B8', '%ff', '%', '%4', '%zz', '%C0%80', '%ED%A0%80'])(
    'broken text %s is refused with 2 (ACC-8)',
    async (text) => {
      expect(await withReason(text)).toBe(2);
    },
  );

  test('raw bytes above 127 are answered 400 by the HTTP server, and never become a call', async () => {
    const raw = Buffer.from('踢').toString('latin1');
    const { status } = await sendRaw({
      path: `${harness.sign({ Action: 'CloseRoom' })}&RoomId=none&CustomReason=${raw}`,
    });
    expect(status).toBe(400);
    expect(await withReason('')).toBe(5018);
  });

  test('broken text in a public parameter has the code of that parameter', async () => {
    const codeOf = (name: string) => rawCode(harness.sign({ Action: 'CloseRoom' }).replace(`${name}=`, `${name}=%ff`));
    const names = ['Action', 'AppId', 'SignatureVersion', 'SignatureNonce', 'Timestamp', 'Signature'];
    const codes: number[] = [];
    for (const name of names) codes.push(await codeOf(name));
    expect(codes).toEqual([100000007, 100000001, 100000014, 100000005, 100000003, 100000005]);
  });
});

describe('sizes', () => {
  test('a query of 15,000 bytes is read', async () => {
    expect(await rawCode(`${harness.sign({ Action: 'DescribeUserNum', RoomId: ['r'] })}&x=${'y'.repeat(15_000)}`)).toBe(
      0,
    );
  });

  test('a query of 1 MB is answered 431 by the HTTP server, which goes on', async () => {
    const path = `${harness.sign({ Action: 'CloseRoom' })}&RoomId=${'x'.repeat(1_000_000)}`;
    const status = await sendRaw({ path }).then(
      (answer) => answer.status,
      // The server closes the connection while the rest is being sent: the answer may be lost.
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([431, 'ECONNRESET', 'EPIPE']).toContain(status);
    expect(await harness.codeOf('DescribeUserNum', { RoomId: ['r'] })).toBe(0);
  });

  test('a body of 2 MB is refused with 100000012, and the connection lives on (ACC-1)', async () => {
    const body = JSON.stringify({ RoomId: 'r', CustomReason: 'x'.repeat(2_000_000) });
    expect((await post({ Action: 'CloseRoom' }, body)).Code).toBe(100000012);
    expect(await harness.codeOf('DescribeUserNum', { RoomId: ['r'] })).toBe(0);
  });
});

describe('POST', () => {
  test('business parameters may stand in a JSON body, with a real array (ACC-1, ACC-4)', async () => {
    const body = JSON.stringify({ RoomId: 'post', UserId: ['a', 'b'], CustomReason: '原因', Unknown: {} });
    expect(await kicked('post', async () => (await post({ Action: 'KickoutUser' }, body)).Code)).toEqual(['stays']);
  });

  test('the body wins over the query (ACC-1)', async () => {
    await harness.join('in-body', 'a');
    await harness.join('in-query', 'a');
    expect(
      (await post({ Action: 'CloseRoom', RoomId: 'in-query' }, '{"RoomId":"in-body","RoomCloseCallback":true}')).Code,
    ).toBe(0);
    expect([await harness.usersOf('in-body'), await harness.usersOf('in-query')]).toEqual([undefined, ['a']]);
  });

  test.each([undefined, '', '{}'])('the query is enough where the body is %j (ACC-1)', async (body) => {
    expect((await post({ Action: 'CloseRoom', RoomId: 'none' }, body)).Code).toBe(5018);
  });

  test.each(['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'nonsense', ''])(
    'a JSON body of the type %j is read',
    async (type) => {
      expect((await post({ Action: 'CloseRoom' }, '{"RoomId":"none"}', type)).Code).toBe(5018);
    },
  );

  test.each(['{', 'RoomId=none', '{"RoomId":"none"}}'])('%s is no JSON: 100000012', async (body) => {
    expect((await post({ Action: 'CloseRoom', RoomId: 'none' }, body)).Code).toBe(100000012);
  });

  test('bytes that are no UTF-8 are no JSON: 100000012', async () => {
    expect((await post({ Action: 'CloseRoom' }, new Uint8Array([0x7b, 0xff, 0x7d]))).Code).toBe(100000012);
  });

  test.each(['[]', '"RoomId"', '1', 'null'])('%s is JSON of another shape: 2', async (body) => {
    expect((await post({ Action: 'CloseRoom', RoomId: 'none' }, body)).Code).toBe(2);
  });

  test.each([
    { RoomId: 1 },
    { RoomId: ['none'] },
    { RoomId: { a: 1 } },
    { RoomId: 'none', CustomReason: false },
    { RoomId: 'none', RoomCloseCallback: 1 },
    { RoomId: '\ud800' },
  ])('a field of a wrong type is refused with 2: %j (ACC-8)', async (fields) => {
    expect((await post({ Action: 'CloseRoom' }, JSON.stringify(fields))).Code).toBe(2);
  });

  test('what is wrong with a body shows only after access, Action and rate (ACC-2)', async () => {
    expect((await post({ Action: 'CloseRoom', Signature: 'x' }, '{')).Code).toBe(100000005);
    expect((await post({ Action: 'Nope' }, '{')).Code).toBe(100000007);
    expect((await post({ Action: 'CloseRoom', RoomId: 'none' }, '{}')).Code).toBe(5018);
    expect((await post({ Action: 'CloseRoom' }, '{')).Code).toBe(206);
  });
});

describe('other requests', () => {
  test('a body that breaks off harms nobody else', async () => {
    const { hostname, port } = new URL(harness.baseUrl);
    const path = harness.sign({ Action: 'CloseRoom', RoomId: 'none' });
    const request = httpRequest({
      hostname,
      port,
      agent: false,
      path,
      method: 'POST',
      headers: { 'content-length': 100 },
    });
    const failed = new Promise((resolve) => request.on('error', resolve));
    request.write('{"RoomId":');
    setImmediate(() => request.destroy());
    await failed;
    expect(await harness.codeOf('DescribeUserNum', { RoomId: ['r'] })).toBe(0);
  });

  test('POST without anything is a call without an Action', async () => {
    const response = await fetch(`${harness.baseUrl}/`, { method: 'POST' });
    expect(await response.json()).toMatchObject({ Code: 100000006 });
  });

  test.each(['PUT', 'DELETE', 'PATCH'])('%s is not served', async (method) => {
    const path = harness.sign({ Action: 'CloseRoom', RoomId: 'none' });
    expect((await fetch(harness.baseUrl + path, { method })).status).toBe(404);
  });

  test.each(['AppId=1', 'Signature', 'IsTest=true', 'Action'])('GET /?%s is a call', async (query) => {
    const response = await fetch(`${harness.baseUrl}/?${query}`);
    expect(await response.json()).toMatchObject({ Code: 100000006 });
  });

  test.each(['', '?room=lobby', '?RoomId=r'])('GET /%s is none: it is answered with the page', async (query) => {
    const response = await fetch(`${harness.baseUrl}/${query}`);
    expect(response.headers.get('content-type')).toMatch(/^text\//);
  });
});
