import { describe, expect, it } from 'vitest';
import { MAX_RESPONSE_BYTES, type ReadResponse, ResponseReader } from './response-reader.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** Reads parts of a response, and its end if it is not complete before. */
function read(...parts: readonly string[]): ReadResponse | undefined {
  const reader = new ResponseReader();
  for (const part of parts) {
    const response = reader.push(Buffer.from(part, 'latin1'));
    if (response) return response;
  }
  return reader.end();
}

const COMPLETE: readonly (readonly [string, string, number])[] = [
  ['no body by its length', `${OK}content-length: 0\r\n\r\n`, 200],
  ['a status without a body', 'HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n', 204],
  ['a status without a text', 'HTTP/1.1 503\r\ncontent-length: 2\r\n\r\nno', 503],
  ['a body by its length', `${OK}Content-Length:5\r\n\r\nhello`, 200],
  ['a body in chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;name=x\r\n0123456789\r\n0\r\n\r\n`, 200],
  ['chunks with a trailer', `${OK}transfer-encoding: chunked\r\n\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n`, 200],
  [
    'interim responses',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n${OK}content-length: 1\r\n\r\nx`,
    200,
  ],
];

describe('a response', () => {
  it.each(COMPLETE)('with %s is read at once, and its connection used again', (_name, text, status) => {
    expect(read(text)).toEqual({ status, reusableMs: 4000 });
  });

  it.each(COMPLETE)('with %s is read however it is divided', (_name, text, status) => {
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(read(text.slice(0, cut), text.slice(cut))).toEqual({ status, reusableMs: 4000 });
    }
    expect(read(...text)).toEqual({ status, reusableMs: 4000 });
  });

  it.each(COMPLETE)('with %s is not complete before its last byte', (_name, text) => {
    const reader = new ResponseReader();
    for (const byte of text.slice(0, -1)) expect(reader.push(Buffer.from(byte))).toBeUndefined();
    expect(reader.end()).toBeUndefined();
  });
});

describe('a connection is not used again', () => {
  it.each([
    ['the server says so', `${OK}connection: Close\r\ncontent-length: 0\r\n\r\n`],
    ['the response is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['the body ends with the connection', `${OK}\r\nhello`],
    ['there are two lengths', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
    ['there are a length and chunks', `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['the encoding is unknown', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['the size of a chunk is no number', `${OK}transfer-encoding: chunked\r\n\r\nx\r\n`],
    ['more follows than the response', `${OK}content-length: 1\r\n\r\nxHTTP/1.1 500`],
    ['the protocol changes', 'HTTP/1.1 101 Switching\r\nupgrade: other\r\n\r\n'],
    ['the server closes it soon', `${OK}keep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n`],
    ['the body is longer than the limit', `${OK}content-length: 1000000\r\n\r\n${'x'.repeat(MAX_RESPONSE_BYTES + 1)}`],
  ])('when %s', (_why, text) => {
    expect(read(text)).toMatchObject({ reusableMs: 0 });
  });
});

it('a connection is used as long as the server says, less a second', () => {
  const text = (seconds: number) => `${OK}keep-alive: timeout=${seconds}, max=100\r\ncontent-length: 0\r\n\r\n`;
  expect(read(text(3))?.reusableMs).toBe(2000);
  expect(read(text(60))?.reusableMs).toBe(4000);
});

it('a body in chunks, or without an end, is not read beyond the limit', () => {
  const chunks = new ResponseReader();
  chunks.push(Buffer.from(`${OK}transfer-encoding: chunked\r\n\r\n`));
  const rest = new ResponseReader();
  rest.push(Buffer.from(`${OK}\r\n`));
  const chunk = Buffer.from(`400\r\n${'x'.repeat(1024)}\r\n`);
  const countReads = (reader: ResponseReader) => {
    for (let count = 1; count < 100; count += 1) if (reader.push(chunk)) return count;
    return 0;
  };
  expect(countReads(chunks)).toBe(16);
  expect(countReads(rest)).toBe(16);
});

it('what is not HTTP, or has a head without an end, is refused', () => {
  expect(() => read('SSH-2.0-OpenSSH\r\n\r\n')).toThrow('not HTTP/1.1');
  expect(() => read('HTTP/2 200\r\n\r\n')).toThrow('not HTTP/1.1');
  expect(() => read(OK, 'x'.repeat(MAX_RESPONSE_BYTES))).toThrow('too long');
  expect(read(OK)).toBeUndefined();
});
