import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { curlCommand, quoteForShell } from './curl.ts';

describe('quoteForShell', () => {
  it.each(["it's", "''", '$(reboot) `id` "x" \\ !', 'spam 垃圾 🙂', '', 'two\nlines'])(
    'keeps %j for the shell',
    (text) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoteForShell(text)}`], { encoding: 'utf8' })).toBe(text);
    },
  );
});

describe('curlCommand', () => {
  it('joins origin and path', () => {
    expect(curlCommand('http://127.0.0.1:7700', '/?Action=CloseRoom&RoomId=a')).toBe(
      "curl 'http://127.0.0.1:7700/?Action=CloseRoom&RoomId=a'",
    );
  });

  it('switches off the globbing of curl where the path has brackets', () => {
    expect(curlCommand('http://h', '/?UserId[]=a')).toBe("curl -g 'http://h/?UserId[]=a'");
    expect(curlCommand('http://h', '/?UserId%5B%5D=a')).toBe("curl 'http://h/?UserId%5B%5D=a'");
  });
});
