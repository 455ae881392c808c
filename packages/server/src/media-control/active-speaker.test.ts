import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ActiveSpeaker } from './active-speaker.ts';

const SPEECH = 25;
const QUIET_SPEECH = 40;
const NOISE = 55;

/** Steps through a timeline: each stream has a text with a character per step of 200 ms. Returns the speaker after each step. */
function follow(lines: Readonly<Record<string, string>>, speaker = new ActiveSpeaker<string>()) {
  const levelOf: Readonly<Record<string, number>> = { '#': SPEECH, o: QUIET_SPEECH, '.': NOISE };
  const steps = Math.max(...Object.values(lines).map((line) => line.length));
  return Array.from({ length: steps }, (_, step) => {
    const levels = new Map<string, number>();
    for (const [stream, line] of Object.entries(lines)) {
      const level = levelOf[line[step] ?? ' '];
      if (level !== undefined) levels.set(stream, level);
    }
    speaker.step(levels);
    return speaker.current ?? '-';
  }).join('');
}

test('whoever is loudest for about half a second becomes the speaker, and stays it in a pause (SPK-1)', () => {
  expect(follow({ a: '####   ####' })).toBe('--aaaaaaaaa');
});

test('a cough, a door or noise is no speech (SPK-1)', () => {
  expect(follow({ a: '##    ##    ##    ' })).toBe('------------------');
  expect(follow({ a: '..................' })).toBe('------------------');
  expect(follow({ a: '############', b: '     ##     ' })).toBe('--aaaaaaaaaa');
});

test('the fading level of a short loud sound is no speech (SPK-1)', () => {
  const speaker = new ActiveSpeaker<string>();
  for (const level of [12, 12, 24, 36, 48, 60, 12, 24, 36, 48]) speaker.step(new Map([['a', level]]));
  expect(speaker.current).toBeUndefined();
});

test('another speaker takes over when it is clearly louder, and not when both speak alike (SPK-1)', () => {
  expect(follow({ a: 'oooooooooooo', b: '     #######' })).toBe('--aaaaaaabbb');
  expect(follow({ a: '############', b: '     #######' })).toBe('--aaaaaaaaaa');
});

test('the next speaker takes over soon after the one before has stopped (SPK-1)', () => {
  expect(follow({ a: '#####         ', b: '      ########' })).toBe('--aaaaaaabbbbb');
});

test('words with pauses between them are speech (SPK-1)', () => {
  expect(follow({ a: '## ## ## ##' })).toBe('----aaaaaaa');
});

test('a speaker that ends or is muted leaves nobody, and then the loudest other (SPK-1)', () => {
  const speaker = new ActiveSpeaker<string>();
  follow({ a: '####', b: 'oooo' }, speaker);
  expect(speaker.current).toBe('a');
  expect([speaker.remove('b'), speaker.remove('a'), speaker.current]).toEqual([false, true, undefined]);
  expect(follow({ b: 'oooo' }, speaker)).toBe('--bb');
});

test('silence leaves nothing to do (SPK-1)', () => {
  const speaker = new ActiveSpeaker<string>();
  follow({ a: '####', b: '.. #' }, speaker);
  expect(speaker.isIdle).toBe(false);
  follow({ a: ' '.repeat(20) }, speaker);
  expect([speaker.isIdle, speaker.current]).toEqual([true, 'a']);
});

test('for any levels, the speaker has spoken in three steps or more, and changes at most every 600 ms (SPK-1)', () => {
  const timeline = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 127 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(timeline, (steps) => {
      const speaker = new ActiveSpeaker<string>();
      const history: ReadonlyMap<string, number>[] = [];
      let lastChange = Number.NEGATIVE_INFINITY;
      for (const [index, step] of steps.entries()) {
        const levels = new Map(Object.entries(step));
        history.push(levels);
        if (!speaker.step(levels)) continue;
        const { current = '' } = speaker;
        const spoken = history.filter((one) => (one.get(current) ?? 127) <= 45).length;
        expect(spoken).toBeGreaterThanOrEqual(3);
        expect(index - lastChange).toBeGreaterThanOrEqual(3);
        lastChange = index;
      }
    }),
  );
});
