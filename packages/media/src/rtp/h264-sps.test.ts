import { expect, test } from 'vitest';
import { createRandom } from '../../tests/random.ts';
import { readH264Height } from './h264-sps.ts';

const SPS_HEADER = 0x67;

/** Writes a parameter set bit by bit. */
class BitWriter {
  #bits = '';

  write(value: number, bits: number): this {
    this.#bits += value.toString(2).padStart(bits, '0');
    return this;
  }

  /** Exp-Golomb codes. */
  writeUnsigned(...values: number[]): this {
    for (const value of values) {
      const code = (value + 1).toString(2);
      this.#bits += '0'.repeat(code.length - 1) + code;
    }
    return this;
  }

  finish(): Buffer {
    const bits = `${this.#bits}1`;
    const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
    return Buffer.from(padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  }
}

interface SpsFields {
  readonly profile: number;
  readonly rows: number;
  readonly isInterlaced?: boolean;
  readonly hasScalingLists?: boolean;
  readonly pictureOrder?: 0 | 1 | 2;
  /** In units of the format. */
  readonly cropBottom?: number;
}

function createSps(fields: SpsFields): Buffer {
  const { profile, rows, isInterlaced = false, hasScalingLists = false, pictureOrder = 2, cropBottom = 0 } = fields;
  const writer = new BitWriter().write(profile, 8).write(0xc0, 8).write(31, 8).writeUnsigned(0);
  if (profile === 100) {
    writer.writeUnsigned(1, 0, 0).write(0, 1).write(Number(hasScalingLists), 1);
    // The first list is present and ends at once (delta -8), the others are absent.
    if (hasScalingLists) writer.write(1, 1).writeUnsigned(16).write(0, 7);
  }
  writer.writeUnsigned(0, pictureOrder);
  if (pictureOrder === 0) writer.writeUnsigned(4);
  if (pictureOrder === 1) writer.write(0, 1).writeUnsigned(0, 0, 2, 5, 6);
  writer
    .writeUnsigned(1)
    .write(0, 1)
    .writeUnsigned(39, rows - 1)
    .write(Number(!isInterlaced), 1);
  if (isInterlaced) writer.write(0, 1);
  writer.write(1, 1).write(Number(cropBottom > 0), 1);
  if (cropBottom > 0) writer.writeUnsigned(0, 0, 0, cropBottom);
  return Buffer.concat([Buffer.from([SPS_HEADER]), writer.finish()]);
}

const heightOf = (payload: Buffer) => readH264Height(payload, 0, payload.length);

test.each<[SpsFields, number]>([
  [{ profile: 66, rows: 30 }, 480],
  [{ profile: 66, rows: 23, cropBottom: 4, pictureOrder: 0 }, 360],
  [{ profile: 77, rows: 45, pictureOrder: 1 }, 720],
  [{ profile: 100, rows: 68, cropBottom: 4, hasScalingLists: true }, 1_080],
  [{ profile: 100, rows: 34, cropBottom: 2, isInterlaced: true }, 1_080],
])('a parameter set %o has its height', (fields, height) => {
  expect(heightOf(createSps(fields))).toBe(height);
});

test('the parameter set of a real encoder, with escaped zeros, has its height', () => {
  const sps = Buffer.from('6764001facd9405005bb016a02020280000003008000001e478c18cb', 'hex');
  expect(heightOf(sps)).toBe(720);
});

test('a parameter set is found in an aggregate, and in no other unit', () => {
  const sps = createSps({ profile: 66, rows: 30 });
  const pps = Buffer.from([0x68, 0xce, 0x38, 0x80]);
  const join = (...units: Buffer[]) =>
    Buffer.concat([Buffer.from([24]), ...units.flatMap((unit) => [Buffer.from([0, unit.length]), unit])]);
  expect(heightOf(join(pps, sps))).toBe(480);
  expect(heightOf(join(pps))).toBeUndefined();
  expect(heightOf(pps)).toBeUndefined();
  expect(heightOf(Buffer.concat([Buffer.from([24, 0xff, 0xff]), sps]))).toBeUndefined();
});

test('cut and random parameter sets have a possible height or none, and are read in bounded time', () => {
  const sps = createSps({ profile: 66, rows: 30 });
  for (let length = 0; length < 4; length += 1) expect(heightOf(sps.subarray(0, length))).toBeUndefined();
  const random = createRandom(14);
  for (let run = 0; run < 20_000; run += 1) {
    const payload = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 256)),
    );
    payload[0] = run % 2 === 0 ? SPS_HEADER : 24;
    const height = heightOf(payload);
    if (height === undefined) continue;
    expect(height).toBeGreaterThan(0);
    expect(height).toBeLessThanOrEqual(1_024 * 32);
  }
});
