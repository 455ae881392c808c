import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logProcessTo, type ObservedProcess } from './process-log.ts';

test("Node's warnings and an uncaught error are JSON lines of the log, and the error ends the process", () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const printed: unknown[] = [];
  const exits: number[] = [];
  const observed = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  observed.on('warning', (warning) => printed.push(warning));
  logProcessTo(log, observed as unknown as ObservedProcess);

  observed.emit('warning', Object.assign(new Error('is experimental'), { name: 'ExperimentalWarning' }));
  expect(lines).toEqual([{ level: 40, name: 'ExperimentalWarning', msg: 'is experimental' }]);
  expect(printed).toEqual([]);
  expect(exits).toEqual([]);

  observed.emit('uncaughtException', new Error('broken'));
  expect(lines[1]).toMatchObject({ level: 60, err: { message: 'broken' }, msg: 'uncaught error; the process ends' });
  expect(exits).toEqual([1]);
});
