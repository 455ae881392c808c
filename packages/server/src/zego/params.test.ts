import { describe, expect, test } from 'vitest';
import { NO_BODY, parseBody } from './body.ts';
import { CODES, Refusal } from './codes.ts';
import { anyText, flag, integer, optionalText, type Reader, requiredText, textList } from './params.ts';
import { Query } from './query.ts';

const NO_FIELDS: ReadonlyMap<string, unknown> = new Map();
const name = requiredText('Name', { maxBytes: 6, parse: (text) => (text === 'bad' ? undefined : text) });
const note = optionalText('Note', { maxBytes: 6, tooLong: CODES.messageTooLong });
const users = textList('User', { maxBytes: 4, parse: anyText, maxCount: 3, tooMany: CODES.tooManyUsers });
const size = integer('Size', { min: -5, max: 200, fallback: 7 });
const loud = flag('Loud');

const fromQuery = <T>(reader: Reader<T>, query: string) =>
  reader.read({ query: new Query(`/?${query}`), fields: NO_FIELDS });
const fromBody = <T>(reader: Reader<T>, fields: Record<string, unknown>, query = '') =>
  reader.read({ query: new Query(`/?${query}`), fields: new Map(Object.entries(fields)) });

function codeOf(read: () => unknown): number {
  try {
    read();
  } catch (error) {
    if (error instanceof Refusal) return error.returnCode.code;
    throw error;
  }
  return 0;
}

describe('texts', () => {
  test.each(['', 'Name=', 'Name[]=', 'Name[]=a&Name[]=b', 'name=a', 'Name=bad', 'Name=%ff', 'Name=a&Name=b'])(
    'a required text is refused with 2 where the query is "%s" (ACC-8)',
    (query) => {
      expect(codeOf(() => fromQuery(name, query))).toBe(2);
    },
  );

  test.each(['Name[]=a', 'Name[0]=a', 'Name[][0]=a'])('%s is taken where a single value is due (ACC-4)', (query) => {
    expect(fromQuery(name, query)).toBe('a');
  });

  test('lengths are bytes of UTF-8 after decoding (ACC-8)', () => {
    expect(fromQuery(name, 'Name=%E8%B8%A2%E8%B8%A2')).toBe('踢踢');
    expect(codeOf(() => fromQuery(name, 'Name=%E8%B8%A2%E8%B8%A2a'))).toBe(3);
    expect(fromQuery(note, 'Note=+%2B%2520')).toBe(' +%20');
  });

  test('an Action may have its own code for what is too long', () => {
    expect(codeOf(() => fromQuery(note, 'Note=1234567'))).toBe(50012);
  });

  test('an optional text is empty where it is absent or empty', () => {
    expect([fromQuery(note, ''), fromQuery(note, 'Note='), fromBody(note, { Note: '' }, 'Note=q')]).toEqual([
      '',
      '',
      '',
    ]);
  });

  test('a field of the body wins over the query; null is no field (ACC-1)', () => {
    expect(fromBody(name, { Name: 'body' }, 'Name=query')).toBe('body');
    expect(fromBody(name, { Name: null }, 'Name=query')).toBe('query');
  });

  test.each([1, true, {}, ['a'], '\ud800'])('a field that is no text is refused with 2: %j', (value) => {
    expect(codeOf(() => fromBody(name, { Name: value }))).toBe(2);
  });
});

describe('lists', () => {
  test.each([
    'User[]=a&User[]=b',
    'User%5B%5D=a&User%5b%5d=b',
    'User=a&User=b',
    'User[0]=a&User[1]=b',
    'User[]=a&User=b',
    'User[][0]=a&User[][1]=b',
    'User%5B%5D%5B0%5D=a&User%5B%5D%5B1%5D=b',
  ])('%s is the list of a and b (ACC-4)', (query) => {
    expect(fromQuery(users, query)).toEqual(['a', 'b']);
  });

  test('a body may have an array, or one text for a list of one (ACC-4)', () => {
    expect(fromBody(users, { User: ['a', 'b'] }, 'User[]=c')).toEqual(['a', 'b']);
    expect(fromBody(users, { User: 'a' })).toEqual(['a']);
    expect(fromBody(users, { 'User[]': ['a', 'b'] })).toEqual(['a', 'b']);
  });

  test('repeats are kept, and count', () => {
    expect(fromQuery(users, 'User=a&User=a')).toEqual(['a', 'a']);
    expect(codeOf(() => fromQuery(users, 'User=a&User=a&User=a&User=a'))).toBe(50011);
  });

  test.each(['', 'User[]=', 'User[]=a&User[]=', 'User[]=a&User[]=%ff'])('"%s" is refused with 2', (query) => {
    expect(codeOf(() => fromQuery(users, query))).toBe(2);
  });

  test.each([[[]], [['a', 1]], [[null]], [[['a']]], [{ a: 1 }], [7]])('the array %j is refused with 2', (value) => {
    expect(codeOf(() => fromBody(users, { User: value }))).toBe(2);
  });

  test('an element that is too long is refused with 3', () => {
    expect(codeOf(() => fromQuery(users, 'User=abcde'))).toBe(3);
  });
});

describe('numbers and flags', () => {
  test('a number is decimal text or a JSON number, within its limits', () => {
    expect([
      fromQuery(size, 'Size=200'),
      fromQuery(size, 'Size=-5'),
      fromQuery(size, ''),
      fromBody(size, { Size: 3 }),
    ]).toEqual([200, -5, 7, 3]);
  });

  test.each(['201', '-6', '1.5', '0x10', '1e2', 'a', '%201', '99999999999999999999'])(
    'Size=%s is refused with 2',
    (text) => {
      expect(codeOf(() => fromQuery(size, `Size=${text}`))).toBe(2);
    },
  );

  test.each([1.5, 201, true, [], Number.NaN])('the field %j is no number from -5 to 200', (value) => {
    expect(codeOf(() => fromBody(size, { Size: value }))).toBe(2);
  });

  test('a flag is true or false in any case, default false', () => {
    expect([fromQuery(loud, 'Loud=TRUE'), fromQuery(loud, 'Loud=False'), fromQuery(loud, 'Loud=')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([fromBody(loud, { Loud: true }), fromBody(loud, { Loud: 'true' })]).toEqual([true, true]);
    expect([codeOf(() => fromQuery(loud, 'Loud=1')), codeOf(() => fromBody(loud, { Loud: 1 }))]).toEqual([2, 2]);
  });
});

describe('bodies', () => {
  const parse = (text: string | Uint8Array) => parseBody(typeof text === 'string' ? Buffer.from(text) : text);

  test('no bytes are no body', () => {
    expect(parse('')).toBe(NO_BODY);
  });

  test.each(['{', 'a=b', '{"a":1}x', '"\\'])('%s is no JSON: 100000012', (text) => {
    expect(parse(text)).toMatchObject({ kind: 'refused', code: { code: 100000012 } });
  });

  test('bytes that are no UTF-8 are no JSON: 100000012', () => {
    expect(parse(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ code: { code: 100000012 } });
  });

  test.each(['[]', '"x"', '1', 'null', 'true'])('%s is JSON of another shape: 2', (text) => {
    expect(parse(text)).toMatchObject({ kind: 'refused', code: { code: 2 } });
  });

  test('nesting without end is refused, not run into', () => {
    expect(parse('['.repeat(500_000))).toMatchObject({ kind: 'refused' });
  });
});
