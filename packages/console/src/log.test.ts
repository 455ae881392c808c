import { describe, expect, it } from 'vitest';
import { formatArgument, formatLines, formatTime, Log, MAX_LINES } from './log.ts';

describe('formatArgument', () => {
  it.each<[unknown, string]>([
    ['KICKOUT', '"KICKOUT"'],
    ['{"custom_kickout_message":"spam 🙂"}', `'{"custom_kickout_message":"spam 🙂"}'`],
    [{ streamID: 's', extendedData: '{"a":1}' }, `{"streamID":"s","extendedData":'{"a":1}'}`],
    ["{it's}", `"{it's}"`],
    ['{"a":"b\\"c"}', '"{\\"a\\":\\"b\\\\\\"c\\"}"'],
    [undefined, 'undefined'],
    [0.123456, '0.123'],
    [new Uint8Array(3), '"Uint8Array(3)"'],
  ])('writes %j', (value, text) => {
    expect(formatArgument(value)).toBe(text);
  });
});

describe('Log', () => {
  it('keeps the newest lines', () => {
    const log = new Log(() => 0);
    for (let index = 0; index < MAX_LINES + 5; index += 1) log.add('roomStreamUpdate', [index]);
    expect(log.state.lines.length).toBe(MAX_LINES);
    expect(log.state.lines.at(-1)?.text).toBe(String(MAX_LINES + 4));
  });

  it('holds lines back while it is paused, and shows them after', () => {
    const log = new Log(() => 0);
    log.add('roomStateChanged', []);
    log.setPaused(true);
    log.add('roomUserUpdate', []);
    expect([log.state.lines.length, log.state.heldBack]).toEqual([1, 1]);
    log.setPaused(false);
    expect([log.state.lines.length, log.state.heldBack]).toEqual([2, 0]);
    log.clear();
    expect(log.state.lines).toEqual([]);
  });

  it('gives each callback a kind', () => {
    const log = new Log(() => 0);
    for (const name of ['roomStateUpdate', 'roomUserUpdate', 'remoteMicStatusUpdate', 'playQualityUpdate']) {
      log.add(name, []);
    }
    expect(log.state.lines.map((line) => line.kind)).toEqual(['room', 'user', 'stream', 'quality']);
  });
});

describe('formatLines', () => {
  it('writes each line as a call', () => {
    const line = { id: 1, atMs: 5, kind: 'room', name: 'tokenWillExpire', text: '"r"' } as const;
    expect(formatLines([line])).toBe(`${formatTime(5)} tokenWillExpire("r")`);
    expect(formatTime(5)).toMatch(/^\d\d:\d\d:\d\d\.005$/);
  });
});
