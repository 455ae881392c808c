import { createConnection } from 'node:net';
import type { UploadResult, WireChatMessage } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type People, startPeople } from './people.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const PAGE = Buffer.from('<!doctype html><script>alert(1)</script>');
const PART = 512 * 1024;
const LIMITS = { maxFileBytes: 2 * 1024 * 1024, maxRoomFileBytes: 3 * 1024 * 1024, maxAppFileBytes: 100 * 1024 * 1024 };

let people: People;

beforeAll(async () => {
  people = await startPeople({ chat: LIMITS });
});
afterAll(() => people.close());

const reserve = async (client: RawClient, size: number, name = 'a.png'): Promise<UploadResult> => {
  const { result, error } = await client.request('createUpload', { name, size });
  if (error) throw new Error(error.code);
  return result as UploadResult;
};
const urlOf = (fileId: string) => `${people.server.baseUrl}/files/${fileId}`;
const put = async ({ fileId, uploadToken }: UploadResult, bytes: Uint8Array, offset = 0, token = uploadToken) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
  const response = await fetch(`${urlOf(fileId)}?offset=${offset}`, { method: 'PUT', headers, body: bytes as never });
  return { status: response.status, body: (await response.json()) as never };
};
const upload = async (client: RawClient, bytes: Uint8Array, name?: string): Promise<string> => {
  const reserved = await reserve(client, bytes.length, name);
  for (let offset = 0; offset < bytes.length; offset += PART) {
    expect((await put(reserved, bytes.subarray(offset, offset + PART), offset)).status).toBe(200);
  }
  return reserved.fileId;
};
const send = (client: RawClient, content: object, to?: readonly string[]) =>
  client.request('send', { kind: 'chat', text: 'a file', content, ...(to && { to }) });
const download = (fileId: string, headers: Record<string, string> = {}) => fetch(urlOf(fileId), { headers });
const statusOf = async (fileId: string) => (await download(fileId)).status;
const codeOf = async (answer: Promise<{ error?: { code: string } }>) => (await answer).error?.code;

const newRoom = async (preset?: string) => {
  const meeting = await people.newMeeting();
  const [anna, ben] = [await people.enter(meeting, 'anna', preset), await people.enter(meeting, 'ben')];
  return { meeting, anna, ben };
};

describe('an upload', () => {
  it('arrives in parts, one after another, and can then be sent and downloaded (CHAT-8, CHAT-10)', async () => {
    const { anna, ben } = await newRoom();
    const bytes = Buffer.concat([PNG, Buffer.alloc(PART, 7)]);
    const reserved = await reserve(anna.client, bytes.length, 'über "all".png');
    expect(reserved).toEqual({
      fileId: expect.stringMatching(/^[0-9a-f]{48}$/),
      uploadToken: expect.any(String),
      maxPartBytes: PART,
    });
    expect(await put(reserved, bytes.subarray(0, PART))).toEqual({
      status: 200,
      body: { received: PART, isComplete: false },
    });
    expect(await statusOf(reserved.fileId)).toBe(404);
    expect(await codeOf(send(anna.client, { type: 'image', fileId: reserved.fileId }))).toBe('file.not-found');
    const rest = await put(reserved, bytes.subarray(PART), PART);
    expect(rest.body).toEqual({ received: bytes.length, isComplete: true });
    expect(await codeOf(send(anna.client, { type: 'image', fileId: reserved.fileId }))).toBeUndefined();
    const file = { fileId: reserved.fileId, name: 'über "all".png', mediaType: 'image/png', size: bytes.length };
    expect(await ben.client.event('message')).toMatchObject({ text: 'a file', content: { type: 'image', file } });
    const { result } = await ben.client.request('chatHistory', { direction: 'before', limit: 1 });
    expect((result as { messages: WireChatMessage[] }).messages[0]?.content).toEqual({ type: 'image', file });
    const answer = await download(reserved.fileId);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('continues after a part whose answer was lost; a part that does not continue it changes nothing (CHAT-8)', async () => {
    const { anna } = await newRoom();
    const reserved = await reserve(anna.client, 20);
    await put(reserved, Buffer.alloc(8, 1));
    for (const offset of [0, 4, 9]) {
      expect(await put(reserved, Buffer.alloc(2, 2), offset)).toMatchObject({
        status: 409,
        body: { error: { code: 'file.bad-offset', details: { offset: 8 } } },
      });
    }
    expect((await put(reserved, Buffer.alloc(12, 3), 8)).body).toEqual({ received: 20, isComplete: true });
    const bytes = Buffer.from(await (await download(reserved.fileId)).arrayBuffer());
    expect([...bytes]).toEqual([...Buffer.alloc(8, 1), ...Buffer.alloc(12, 3)]);
  });

  it('needs the token of its own file, and an id that was reserved (CHAT-8)', async () => {
    const { anna } = await newRoom();
    const [reserved, other] = [await reserve(anna.client, 8), await reserve(anna.client, 8)];
    for (const token of ['', 'x', other.uploadToken, anna.token]) {
      expect(await put(reserved, Buffer.alloc(8), 0, token)).toMatchObject({ status: 401 });
    }
    for (const fileId of ['0'.repeat(48), 'x', '..%2f..%2fgavel.db', '%00']) {
      expect((await put({ ...reserved, fileId }, Buffer.alloc(8))).status).toBe(404);
      expect(await statusOf(fileId)).toBe(404);
    }
    expect((await put(reserved, Buffer.alloc(8))).status).toBe(200);
    // A complete upload takes nothing more.
    expect((await put(reserved, Buffer.alloc(8))).status).toBe(404);
  });

  it('refuses bad sizes, offsets, bodies and names (CHAT-8)', async () => {
    const { anna } = await newRoom();
    const refusals: readonly (readonly [object, string])[] = [
      [{ name: 'a', size: LIMITS.maxFileBytes + 1 }, 'file.too-large'],
      [{ name: 'a', size: 0 }, 'request.malformed'],
      [{ name: 'a', size: 1.5 }, 'request.malformed'],
      [{ name: 'a', size: -1 }, 'request.malformed'],
      [{ name: 'a' }, 'request.malformed'],
      [{ name: 'a', size: 1, type: 'image/png' }, 'request.malformed'],
      [{ name: 7, size: 1 }, 'request.malformed'],
      [{ name: '', size: 1 }, 'request.malformed'],
      [{ name: '..', size: 1 }, 'file.bad-name'],
      [{ name: 'a/', size: 1 }, 'file.bad-name'],
      [{ name: 'a\u0000.png', size: 1 }, 'file.bad-name'],
      [{ name: 'gnp.\u202egpj', size: 1 }, 'file.bad-name'],
      [{ name: 'ä'.repeat(128), size: 1 }, 'file.bad-name'],
    ];
    for (const [params, code] of refusals) {
      expect([params, await codeOf(anna.client.request('createUpload', params))]).toEqual([params, code]);
    }
    const reserved = await reserve(anna.client, 8);
    expect(await put(reserved, Buffer.alloc(9))).toMatchObject({
      status: 413,
      body: { error: { code: 'file.too-large' } },
    });
    expect(await put(reserved, Buffer.alloc(PART + 1))).toMatchObject({
      status: 413,
      body: { error: { code: 'request.too-large' } },
    });
    const headers = { authorization: `Bearer ${reserved.uploadToken}` };
    for (const query of ['', '?offset=-1', '?offset=x', '?offset=0&offset=0', '?offset=1e3']) {
      const answer = await fetch(`${urlOf(reserved.fileId)}${query}`, { method: 'PUT', headers, body: 'x' });
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect((await fetch(`${urlOf(reserved.fileId)}?offset=0`, { method: 'PUT', headers })).status).toBe(400);
    expect((await put(reserved, Buffer.alloc(8))).status).toBe(200);
  });

  it('has the last part of a path as its name (CHAT-8)', async () => {
    const { anna } = await newRoom();
    for (const name of ['../../etc/passwd', 'C:\\secret\\passwd', '/passwd']) {
      const fileId = await upload(anna.client, Buffer.from('text'), name);
      expect((await download(fileId)).headers.get('content-disposition')).toBe(
        `attachment; filename="passwd"; filename*=UTF-8''passwd`,
      );
    }
  });

  it('is not there when it is broken off, and goes on with the part that was lost (CHAT-8)', async () => {
    const { anna } = await newRoom();
    const { fileId, uploadToken } = await reserve(anna.client, 100);
    const { hostname, port } = new URL(people.server.baseUrl);
    await new Promise<void>((resolve) => {
      const socket = createConnection(Number(port), hostname, () => {
        const head = `PUT /files/${fileId}?offset=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${uploadToken}\r\n`;
        socket.write(`${head}content-type: application/octet-stream\r\ncontent-length: 100\r\n\r\n${'x'.repeat(40)}`);
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
    expect(await statusOf(fileId)).toBe(404);
    expect((await put({ fileId, uploadToken, maxPartBytes: PART }, Buffer.alloc(100))).status).toBe(200);
  });

  it('ends with its member: a kicked user uploads nothing more (CHAT-8)', async () => {
    const { meeting, anna } = await newRoom();
    const [begun, reserved] = [await reserve(anna.client, 16), await reserve(anna.client, 16)];
    expect((await put(begun, Buffer.alloc(8))).status).toBe(200);
    await people.kit.activeSession.kickParticipants(meeting, {
      ...people.ids,
      participant_ids: [anna.id],
      custom_participant_ids: [],
    });
    expect((await put(begun, Buffer.alloc(8), 8)).status).toBe(404);
    expect((await put(reserved, Buffer.alloc(16))).status).toBe(404);
    expect(await statusOf(begun.fileId)).toBe(404);
  });

  it('counts for its room from its beginning, and no more when it has ended (CHAT-11)', async () => {
    const { meeting, anna, ben } = await newRoom();
    const size = LIMITS.maxFileBytes;
    await reserve(anna.client, size);
    const tooMuch = { name: 'a', size: LIMITS.maxRoomFileBytes - size + 1 };
    expect(await codeOf(ben.client.request('createUpload', tooMuch))).toBe('file.no-space');
    await people.kit.activeSession.kickParticipants(meeting, {
      ...people.ids,
      participant_ids: [anna.id],
      custom_participant_ids: [],
    });
    expect(await codeOf(ben.client.request('createUpload', { name: 'a', size }))).toBeUndefined();
  });

  it('is limited to 10 at a time and 40 in a minute (CHAT-8)', async () => {
    const { anna, ben } = await newRoom();
    for (let index = 0; index < 10; index += 1) await reserve(anna.client, 1);
    expect(await codeOf(anna.client.request('createUpload', { name: 'a', size: 1 }))).toBe('rate.limited');
    for (let index = 0; index < 40; index += 1) await upload(ben.client, Buffer.from('x'));
    expect(await codeOf(ben.client.request('createUpload', { name: 'a', size: 1 }))).toBe('rate.limited');
  });
});

describe('a download', () => {
  it('shows images, and hands everything else to the disk, whatever it is called (CHAT-9)', async () => {
    const { anna } = await newRoom();
    const headersOf = async (bytes: Uint8Array, name: string) => {
      const { headers } = await download(await upload(anna.client, bytes, name));
      return [headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]];
    };
    expect(await headersOf(PNG, 'a.txt')).toEqual(['image/png', 'inline']);
    expect(await headersOf(PAGE, 'a.png')).toEqual(['application/octet-stream', 'attachment']);
    expect(await headersOf(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.svg')).toEqual([
      'application/octet-stream',
      'attachment',
    ]);
    const { headers } = await download(await upload(anna.client, PAGE, 'page.html'));
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'private, no-cache',
    });
  });

  it('gives parts, and the whole where the range is none (CHAT-9)', async () => {
    const { anna } = await newRoom();
    const fileId = await upload(anna.client, Buffer.from('0123456789'));
    const cases: readonly (readonly [string, number, string, string | null])[] = [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=-0', 416, '', 'bytes */10'],
      ['bytes=4-2', 200, '0123456789', null],
      ['bytes=0-1,3-4', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
      ['bytes=x', 200, '0123456789', null],
    ];
    for (const [range, status, body, contentRange] of cases) {
      const answer = await download(fileId, { range });
      expect([range, answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
        range,
        status,
        body,
        contentRange,
      ]);
    }
    const head = await fetch(urlOf(fileId), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    expect((await download(fileId, { 'if-none-match': head.headers.get('etag') ?? '' })).status).toBe(304);
  });

  it('is for pages of every origin, and so are uploads (CHAT-9)', async () => {
    const { anna } = await newRoom();
    const { fileId } = await reserve(anna.client, 1);
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,content-type',
    };
    const answer = await fetch(urlOf(fileId), { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
    // A refusal can be read too.
    expect((await fetch(urlOf('x'))).headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('a message with content', () => {
  it('is refused for files of others, of other messages, that are no images, or too many (CHAT-10)', async () => {
    const { anna, ben } = await newRoom();
    const [image, text] = [await upload(anna.client, PNG), await upload(anna.client, PAGE)];
    const refusals: readonly (readonly [object, string])[] = [
      [{ type: 'image', fileId: text }, 'file.not-image'],
      [{ type: 'image', fileId: '../x' }, 'file.not-found'],
      [{ type: 'image' }, 'request.malformed'],
      [{ type: 'video', fileId: image }, 'request.malformed'],
      [{ type: 'custom', payload: 'x' }, 'request.malformed'],
      [{ type: 'custom', payload: { long: 'x'.repeat(8192) } }, 'message.too-long'],
      [{ type: 'custom', payload: {}, fileIds: [image, image] }, 'file.not-found'],
      [{ type: 'custom', payload: {}, fileIds: Array(11).fill(image) }, 'request.malformed'],
    ];
    for (const [content, code] of refusals) {
      expect([content, await codeOf(send(anna.client, content))]).toEqual([content, code]);
    }
    expect(await codeOf(send(ben.client, { type: 'image', fileId: image }))).toBe('file.not-found');
    const broadcast = { kind: 'broadcast', text: 'x', content: { type: 'image', fileId: image } };
    expect(await codeOf(anna.client.request('send', broadcast))).toBe('request.malformed');
    // What was refused can be sent still, once.
    expect(await codeOf(send(anna.client, { type: 'image', fileId: image }))).toBeUndefined();
    expect(await codeOf(send(anna.client, { type: 'file', fileId: image }))).toBe('file.not-found');
  });

  it('may have a payload of the application, and several files (CHAT-10)', async () => {
    const { anna, ben } = await newRoom();
    const fileIds = [await upload(anna.client, PNG, '1.png'), await upload(anna.client, PAGE, '2.html')];
    const payload = { html: '<b>bold</b>', images: [0], files: [1, 'https://elsewhere.example/x'] };
    await send(anna.client, { type: 'custom', payload, fileIds }, [ben.id]);
    const { content, to } = await ben.client.event('message');
    expect(to).toEqual([ben.id]);
    expect(content).toMatchObject({ type: 'custom', payload, files: [{ name: '1.png' }, { name: '2.html' }] });
  });

  it('needs the permission for files, for text, and to send at all (CHAT-10)', async () => {
    const chat = (rights: object) => ({
      chat: {
        public: { can_send: true, text: true, files: true, ...rights },
        private: { can_send: true, can_receive: true, text: true, files: true, ...rights },
      },
    });
    const textOnly = await newRoom(await people.newPreset('text only', chat({ files: false })));
    expect(await codeOf(textOnly.anna.client.request('createUpload', { name: 'a', size: 1 }))).toBe(
      'member.not-allowed',
    );
    expect(await codeOf(textOnly.anna.client.request('send', { kind: 'chat', text: 'x' }))).toBeUndefined();
    expect(await codeOf(send(textOnly.anna.client, { type: 'custom', payload: {} }))).toBeUndefined();
    const filesOnly = await newRoom(await people.newPreset('files only', chat({ text: false })));
    const fileId = await upload(filesOnly.anna.client, PNG);
    expect(await codeOf(filesOnly.anna.client.request('send', { kind: 'chat', text: 'x' }))).toBe('member.not-allowed');
    expect(await codeOf(send(filesOnly.anna.client, { type: 'custom', payload: {} }))).toBe('member.not-allowed');
    expect(await codeOf(send(filesOnly.anna.client, { type: 'image', fileId }))).toBeUndefined();
    const none = await newRoom(await people.newPreset('no chat', chat({ can_send: false })));
    expect(await codeOf(none.anna.client.request('createUpload', { name: 'a', size: 1 }))).toBe('member.not-allowed');
  });

  it('loses its files at once when it is deleted or edited; an edit may keep some (CHAT-11)', async () => {
    const { anna } = await newRoom();
    const [one, two, three] = [
      await upload(anna.client, PNG),
      await upload(anna.client, PNG),
      await upload(anna.client, PNG),
    ];
    const { result } = await send(anna.client, { type: 'custom', payload: {}, fileIds: [one, two] });
    const { messageId } = result as { messageId: number };
    const edit = {
      action: 'edit',
      messageId,
      text: 'x',
      content: { type: 'custom', payload: {}, fileIds: [two, three] },
    };
    expect(await codeOf(anna.client.request('changeMessage', edit))).toBeUndefined();
    expect([await statusOf(one), await statusOf(two), await statusOf(three)]).toEqual([404, 200, 200]);
    await anna.client.request('changeMessage', { action: 'delete', messageId });
    expect([await statusOf(two), await statusOf(three)]).toEqual([404, 404]);
  });
});

describe('the chat of a session that has ended', () => {
  it('has the types and addresses of what was sent to everybody, and those files are kept (CHAT-11, RTK-15)', async () => {
    const { meeting, anna, ben } = await newRoom();
    const [image, file, custom] = [
      await upload(anna.client, PNG, 'a.png'),
      await upload(anna.client, PAGE, 'b.html'),
      await upload(anna.client, PNG, 'c.png'),
    ];
    await send(anna.client, { type: 'image', fileId: image });
    await send(anna.client, { type: 'file', fileId: file });
    await send(anna.client, { type: 'custom', payload: { message: 'hi' }, fileIds: [custom] });
    const secret = await upload(anna.client, PNG);
    await send(anna.client, { type: 'image', fileId: secret }, [ben.id]);
    const { data } = await people.kit.activeSession.getActiveSession(meeting, people.ids);
    await people.kit.activeSession.kickAllParticipants(meeting, people.ids);
    const link = (await people.kit.sessions.getSessionChat(data?.id ?? '', people.ids)).data?.chat_download_url ?? '';
    const csv = await (await fetch(link)).text();
    const lines = csv.split('\r\n').slice(1, -1);
    const escaped = JSON.stringify({ message: 'hi', links: [urlOf(custom)] }).replaceAll('"', '""');
    expect(
      lines.map((line) =>
        line
          .split(',')
          .slice(7)
          .join(',')
          .replace(/,[^,]*$/, ''),
      ),
    ).toEqual([`IMAGE_MESSAGE,${urlOf(image)}`, `FILE_MESSAGE,${urlOf(file)}`, `CUSTOM_MESSAGE,"${escaped}"`]);
    expect([await statusOf(image), await statusOf(file), await statusOf(custom)]).toEqual([200, 200, 200]);
  });
});
