import { describe, expect, test } from 'vitest';
import { Query } from './query.ts';

const textOf = (raw: string) => new Query(`/?X=${raw}`).scalar('X');

describe('decoding', () => {
  test('percent-encoding is undone once, and + is a space (ACC-4)', () => {
    expect(textOf('a%20b+c%2Bd%2520')).toMatchObject({ text: 'a b c+d%20', intact: true });
  });

  test('any Unicode arrives as it was sent, a byte order mark and NUL included (KICK-11)', () => {
    const text = '\ufeff踢出用户-原因 😀\u0000\u202e';
    expect(textOf(encodeURIComponent(text))).toMatchObject({ text, intact: true });
  });

  test.each(['%', '%2', '%zz', 'a%', '%E8%B8', '%ff', '%C0%80', '%ED%A0%80'])(
    '%s cannot be decoded, and harms only its own parameter (ACC-8)',
    (raw) => {
      const query = new Query(`/?X=${raw}&Y=y`);
      expect(query.scalar('X')?.intact).toBe(false);
      expect(query.scalar('Y')).toMatchObject({ text: 'y', intact: true });
    },
  );

  test('a name that cannot be decoded is ignored', () => {
    expect(new Query('/?%ff=a&X=x').scalar('X')?.text).toBe('x');
  });
});

describe('shapes', () => {
  test('empty pairs are skipped, a name alone is an empty value', () => {
    const query = new Query('/?&&A&B=&=c&');
    expect([query.scalar('A')?.text, query.scalar('B')?.text, query.has('C')]).toEqual(['', '', false]);
  });

  test('a URL without a query has no parameters', () => {
    expect(new Query('/').has('Action')).toBe(false);
  });

  test('only & separates, and only the first = ends a name', () => {
    expect(new Query('/?A=1;B=2=3').scalar('A')?.text).toBe('1;B=2=3');
  });

  test('names are case-sensitive', () => {
    expect(new Query('/?action=x').scalar('Action')).toBeUndefined();
  });

  test('names of built-in properties are names like any other', () => {
    expect(new Query('/?__proto__=x').scalar('__proto__')?.text).toBe('x');
    expect(new Query('/?a=b').scalar('constructor')).toBeUndefined();
  });
});

describe('repeats', () => {
  test('every spelling of a list is one list, in the order sent (ACC-4)', () => {
    const query = new Query('/?X[]=a&X%5B%5D=b&X=c&X[0]=d&X%5b7%5d=e');
    expect(query.list('X').map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('a list named X[], as a Laravel client writes it, is the list X (ACC-4)', () => {
    const query = new Query('/?X[][0]=a&X%5B%5D%5B1%5D=b&X[][]=c');
    expect(query.list('X').map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  test('other brackets are other names', () => {
    expect(new Query('/?X[a]=1&X[-1]=2&X[1=3&[]=4&X[][a]=5&X[][][]=6').list('X')).toEqual([]);
  });

  test('a scalar given twice with one text is that text', () => {
    expect(new Query('/?X=a&X=a').scalar('X')).toMatchObject({ text: 'a', intact: true });
  });

  test('a scalar given twice with different texts is none', () => {
    expect(new Query('/?X=a&X=b').scalar('X')).toMatchObject({ intact: false });
  });

  test.each(['X[]=a', 'X[0]=a', 'X%5B%5D%5B0%5D=a', 'X[]=a&X=a'])('%s is a where one value is due (ACC-4)', (query) =>
    expect(new Query(`/?${query}`).scalar('X')).toMatchObject({ text: 'a', intact: true }),
  );

  test('a list of different texts is no single value (ACC-4)', () => {
    expect(new Query('/?X[]=a&X[]=b').scalar('X')).toMatchObject({ intact: false });
  });
});
