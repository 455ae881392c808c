/**
 * Business parameters: readers that take one from the body or the query, check it, and say in words what they take.
 *
 * Lengths are bytes of UTF-8 after decoding (ACC-8). An empty text is an absent one. Readers throw a Refusal: code 2
 * for what is missing or malformed, 3 for what is too long, unless the Action has a code of its own.
 *
 * @module
 */

import { byteLength } from '@gavel/protocol';
import { CODES, Refusal, type ReturnCode } from './codes.ts';
import type { Query } from './query.ts';

/** Where parameters come from: a field of the body wins over the query (ACC-1). */
export interface ParameterSource {
  readonly query: Query;
  readonly fields: ReadonlyMap<string, unknown>;
}

/** What a reader takes, for the reference page. */
export interface ParameterFacts {
  /** As the vendor writes it: `RoomId`, `UserId[]`. */
  readonly name: string;
  readonly type: 'String' | 'Int32' | 'Boolean' | 'Array of String' | 'Array of Int32';
  readonly required: boolean;
  /** The limit in words. */
  readonly rule: string;
  /** The codes it may refuse with. */
  readonly codes: readonly ReturnCode[];
}

/** Reads one parameter. */
export interface Reader<T> extends ParameterFacts {
  /** @throws Refusal with one of `codes` */
  read(source: ParameterSource): T;
}

/** How a text is checked. */
export interface TextRule<T> {
  readonly maxBytes: number;
  /** Returns undefined for a text that is none of these: code 2. */
  readonly parse: (text: string) => T | undefined;
  /** Answered for a text over `maxBytes`; default 3. */
  readonly tooLong?: ReturnCode;
  /** Answered for a text that `parse` refuses; default 2. */
  readonly malformed?: ReturnCode;
  /** Answered where the text is required and absent or empty; default 2. */
  readonly missing?: ReturnCode;
}

/** How a list of texts is checked. */
export interface ListRule<T> extends TextRule<T> {
  readonly maxCount: number;
  /** Answered for more than `maxCount`. */
  readonly tooMany: ReturnCode;
}

/** Takes any text; for rules whose only limit is the length. */
export const anyText = (text: string): string => text;

function malformed(name: string, why: string, code: ReturnCode = CODES.parameterWrong): Refusal {
  return new Refusal(code, `${name} ${why}.`);
}

/** A field of the body, also by the name `X[]`, as in the query; JSON null counts as no field. */
function findField(source: ParameterSource, name: string): unknown {
  return source.fields.get(name) ?? source.fields.get(`${name}[]`) ?? undefined;
}

/** Returns the one value of a parameter as it came, or undefined if it is absent or empty. */
function findScalar(source: ParameterSource, name: string): unknown {
  const field = findField(source, name);
  if (field !== undefined) return field === '' ? undefined : field;
  const value = source.query.scalar(name);
  if (value && !value.intact) throw malformed(name, 'cannot be decoded, or is given twice with different values');
  return value?.text === '' ? undefined : value?.text;
}

function checkText<T>(name: string, value: unknown, rule: TextRule<T>): T {
  // A lone surrogate is no text: it has no UTF-8.
  if (typeof value !== 'string' || !value.isWellFormed()) throw malformed(name, 'is not a text', rule.malformed);
  if (byteLength(value) > rule.maxBytes) {
    throw new Refusal(rule.tooLong ?? CODES.parameterTooLong, `${name} is longer than ${rule.maxBytes} bytes.`);
  }
  const parsed = value === '' ? undefined : rule.parse(value);
  if (parsed === undefined) {
    throw malformed(name, 'is empty or has characters that are not allowed', rule.malformed);
  }
  return parsed;
}

type Codes = Pick<TextRule<unknown>, 'tooLong' | 'malformed' | 'missing'>;

const codesOf = (rule: Codes, ...more: ReturnCode[]) => [
  rule.malformed ?? CODES.parameterWrong,
  rule.tooLong ?? CODES.parameterTooLong,
  ...more,
];

/** Reads a text that must be there. */
export function requiredText<T>(name: string, rule: TextRule<T>): Reader<T> {
  return {
    name,
    type: 'String',
    required: true,
    rule: `1 to ${rule.maxBytes} bytes`,
    codes: codesOf(rule, rule.missing ?? CODES.parameterWrong),
    read(source) {
      const value = findScalar(source, name);
      if (value === undefined) throw malformed(name, 'is missing', rule.missing);
      return checkText(name, value, rule);
    },
  };
}

/** Reads a text that may be absent: then it is undefined. */
export function optionalValue<T>(name: string, rule: TextRule<T>): Reader<T | undefined> {
  return {
    name,
    type: 'String',
    required: false,
    rule: `at most ${rule.maxBytes} bytes`,
    codes: codesOf(rule),
    read(source) {
      const value = findScalar(source, name);
      return value === undefined ? undefined : checkText(name, value, rule);
    },
  };
}

/** Reads any text that may be absent: then it is empty. */
export function optionalText(name: string, rule: Omit<TextRule<string>, 'parse'>): Reader<string> {
  const reader = optionalValue(name, { ...rule, parse: anyText });
  return { ...reader, read: (source) => reader.read(source) ?? '' };
}

/** Reads a list of 1 to `maxCount` texts, in any spelling of ACC-4. Repeats count. */
export function textList<T>(name: string, rule: ListRule<T>): Reader<readonly T[]> {
  return {
    name: `${name}[]`,
    type: 'Array of String',
    required: true,
    rule: `1 to ${rule.maxCount}, each 1 to ${rule.maxBytes} bytes`,
    codes: codesOf(rule, rule.missing ?? CODES.parameterWrong, rule.tooMany),
    read(source) {
      const values = readList(source, name, rule);
      if (values.length === 0) throw malformed(`${name}[]`, 'is missing or empty', rule.missing);
      return values;
    },
  };
}

/** Reads a list of at most `maxCount` texts that may be absent: then it is undefined. */
export function optionalTextList<T>(name: string, rule: ListRule<T>): Reader<readonly T[] | undefined> {
  return {
    name: `${name}[]`,
    type: 'Array of String',
    required: false,
    rule: `at most ${rule.maxCount}, each 1 to ${rule.maxBytes} bytes`,
    codes: codesOf(rule, rule.tooMany),
    read(source) {
      const values = readList(source, name, rule);
      return values.length === 0 ? undefined : values;
    },
  };
}

function readList<T>(source: ParameterSource, name: string, rule: ListRule<T>): readonly T[] {
  const values = listOf(source, name);
  if (values.length > rule.maxCount) {
    throw new Refusal(rule.tooMany, `${name}[] has ${values.length} elements; at most ${rule.maxCount} are allowed.`);
  }
  return values.map((value) => checkText(`${name}[]`, value, rule));
}

/** The elements of a list as they came; one that cannot be decoded is no text. */
function listOf(source: ParameterSource, name: string): readonly unknown[] {
  const field = findField(source, name);
  if (field !== undefined) return Array.isArray(field) ? field : [field];
  return source.query.list(name).map((value) => (value.intact ? value.text : undefined));
}

/** Bounds of a whole number. */
export interface IntegerRule {
  readonly min: number;
  readonly max: number;
  /** Takes a number above `max` for `max`; otherwise it is malformed. */
  readonly clamped?: boolean;
}

function checkInteger(name: string, value: unknown, { min, max, clamped = false }: IntegerRule): number {
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= min && (clamped || number <= max);
  if (!fits) throw malformed(name, `is not an integer from ${min} to ${max}`);
  return Math.min(number, max);
}

const rangeOf = ({ min, max, clamped }: IntegerRule) =>
  `${min} to ${max}${clamped ? ', a larger number counts as the maximum' : ''}`;

/** Reads a whole number, as decimal text or as a JSON number; `fallback` where it is absent. */
export function integer(name: string, rule: IntegerRule & { readonly fallback: number }): Reader<number> {
  return {
    name,
    type: 'Int32',
    required: false,
    rule: `${rangeOf(rule)}, default ${rule.fallback}`,
    codes: [CODES.parameterWrong],
    read(source) {
      const value = findScalar(source, name);
      return value === undefined ? rule.fallback : checkInteger(name, value, rule);
    },
  };
}

/** Reads a whole number that must be there. */
export function requiredInteger(name: string, rule: IntegerRule): Reader<number> {
  return {
    name,
    type: 'Int32',
    required: true,
    rule: rangeOf(rule),
    codes: [CODES.parameterWrong],
    read(source) {
      const value = findScalar(source, name);
      if (value === undefined) throw malformed(name, 'is missing');
      return checkInteger(name, value, rule);
    },
  };
}

/** Reads a list of at least one whole number; repeats are one. */
export function integerSet(name: string, rule: IntegerRule): Reader<readonly number[]> {
  return {
    name: `${name}[]`,
    type: 'Array of Int32',
    required: true,
    rule: `at least one, each ${rangeOf(rule)}`,
    codes: [CODES.parameterWrong],
    read(source) {
      const values = listOf(source, name);
      if (values.length === 0) throw malformed(`${name}[]`, 'is missing or empty');
      return [...new Set(values.map((value) => checkInteger(`${name}[]`, value, rule)))].sort((a, b) => a - b);
    },
  };
}

/** Reads `true` or `false`, in any case, or a JSON boolean; absent is false. */
export function flag(name: string): Reader<boolean> {
  return {
    name,
    type: 'Boolean',
    required: false,
    rule: 'true or false, default false',
    codes: [CODES.parameterWrong],
    read(source) {
      const value = findScalar(source, name);
      if (value === undefined || typeof value === 'boolean') return value ?? false;
      const text = typeof value === 'string' ? value.toLowerCase() : '';
      if (text !== 'true' && text !== 'false') throw malformed(name, 'is neither true nor false');
      return text === 'true';
    },
  };
}
