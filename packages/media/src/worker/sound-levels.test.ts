import { expect, test } from 'vitest';
import type { SoundLevel } from '../engine.ts';
import { SILENCE, SoundLevels } from './sound-levels.ts';
import type { Ticking } from './tick-set.ts';

const VOICE_BIT = 0x80;

function createLevels() {
  const reports: (readonly SoundLevel[])[] = [];
  const added: Ticking[] = [];
  const levels = new SoundLevels({ add: (member) => void added.push(member) }, (report) => void reports.push(report));
  const interval = (): readonly SoundLevel[] | undefined => {
    const before = reports.length;
    levels.tick();
    return reports[before];
  };
  return { levels, added, interval };
}

test('the level of an interval is that of its mean power, whether the browser has found a voice or not', () => {
  const { levels, interval } = createLevels();
  const meter = levels.createMeter('a');
  for (let packet = 0; packet < 10; packet += 1) meter.add(packet % 2 === 0 ? 20 | VOICE_BIT : SILENCE);
  expect(interval()).toEqual([{ stream: 'a', level: 23 }]);
});

test('an audible stream is reported each time; its level rises at once, and falls in steps', () => {
  const { levels, interval } = createLevels();
  const meter = levels.createMeter('a');
  const sequence = [60, 30, 30, 65, 65, 65, 65].map((level) => {
    meter.add(level);
    return interval()?.[0]?.level;
  });
  expect(sequence).toEqual([60, 30, 30, 42, 54, 65, 65]);
});

test('a stream whose packets end is reported once more, as silent, and then costs nothing', () => {
  const { levels, interval } = createLevels();
  levels.createMeter('a').add(50);
  expect(interval()).toEqual([{ stream: 'a', level: 50 }]);
  expect(levels.hasWork()).toBe(true);
  const rest = [interval(), interval(), interval()].map((report) => report?.[0]?.level);
  expect(rest).toEqual([62, SILENCE, undefined]);
  expect(levels.hasWork()).toBe(false);
});

test('a quiet stream is reported when its level has changed by 6 dB', () => {
  const { levels, interval } = createLevels();
  const meter = levels.createMeter('a');
  const sequence = [100, 97, 94, 95, 80, 82].map((level) => {
    meter.add(level);
    return interval()?.[0]?.level;
  });
  expect(sequence).toEqual([100, undefined, 94, undefined, 80, undefined]);
});

test('streams that are silent, or name no level, wake nothing', () => {
  const { levels, added, interval } = createLevels();
  const meter = levels.createMeter('a');
  meter.add(SILENCE);
  meter.add(SILENCE | VOICE_BIT);
  meter.add(-1);
  expect([added.length, levels.hasWork(), interval()]).toEqual([0, false, undefined]);
  meter.add(126);
  expect(added).toEqual([levels]);
  meter.close();
  expect(levels.hasWork()).toBe(false);
});
