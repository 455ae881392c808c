/**
 * Business parameters: each reader takes one from the body or the query, validates it, and describes its limits.
 *
 * Lengths are bytes of UTF-8 after decoding (ACC-8). An empty text counts as absent. Readers throw a Refusal: code 2
 * for a missing or malformed value, 3 for a value that is too long, unless the Action defines another code.
 *
 * @module
 */

import { isLongerThan } from '@gavel/protocol';
import { CODES, Refusal, type ReturnCode } from './codes.ts';
import type { Query } from './query.ts';

/** The source of parameters: a field of the body overrides the query (ACC-1). */
export interface ParameterSource {
  readonly query: Query;
  readonly fields: ReadonlyMap<string, unknown>;
}

/** Description of a parameter, for the reference page. */
export interface ParameterFacts {
  /** The vendor's spelling, such as `RoomId` or `UserId[]`. */
  readonly name: string;
  readonly type: 'String' | 'Int32' | 'Boolean' | 'Array of String' | 'Array of Int32';
  readonly required: boolean;
  /** The limit in words. */
  readonly rule: string;
  /** The codes of its refusals. */
  readonly codes: readonly ReturnCode[];
}

/** Reads one parameter. */
export interface Reader<T> extends ParameterFacts {
  /** @throws Refusal with one of `codes` */
  read(source: ParameterSource): T;
}

/** Validation of a text. */
export interface TextRule<T> {
  readonly maxBytes: number;
  /** Returns undefined if the text is not valid: code 2. */
  readonly parse: (text: string) => T | undefined;
  /** Answered for a text over `maxBytes`; default 3. */
  readonly tooLong?: ReturnCode;
  /** Answered for a text that `parse` refuses; default 2. */
  readonly malformed?: ReturnCode;
  /** Answered if the text is required and absent or empty; default 2. */
  readonly missing?: ReturnCode;
}

/** Validation of a list of texts. */
export interface ListRule<T> extends TextRule<T> {
  readonly maxCount: number;
  /** Answered for more than `maxCount`. */
  readonly tooMany: ReturnCode;
}

/** Accepts any text; for rules that limit only the length. */
export const anyText = (text: string): string => text;

function malformed(name: string, why: string, code: ReturnCode = CODES.parameterWrong): Refusal {
  return new Refusal(code, `${name} ${why}.`);
}

/** Returns a field of the body, also under the name `X[]`, as in the query. JSON null counts as absent. */
function findField(source: ParameterSource, name: string): unknown {
  return source.fields.get(name) ?? source.fields.get(`${name}[]`) ?? undefined;
}

/** Returns the value of a single-valued parameter as it was sent, or undefined if it is absent or empty. */
function findScalar(source: ParameterSource, name: string): unknown {
  const field = findField(source, name);
  if (field !== undefined) return field === '' ? undefined : field;
  const value = source.query.scalar(name);
  if (value && !value.intact) throw malformed(name, 'cannot be decoded, or is given twice with different values');
  return value?.text === '' ? undefined : value?.text;
}

function checkText<T>(name: string, value: unknown, rule: TextRule<T>): T {
  // A lone surrogate is not valid text: it has no UTF-8 encoding.
  if (typeof value !== 'string' || !value.isWellFormed()) throw malformed(name, 'is not a text', rule.malformed);
  if (isLongerThan(value, rule.maxBytes)) {
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

/** Reads a required text. */
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

/** Reads an optional text; undefined if it is absent. */
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

/** Reads an optional text without further rules; empty if it is absent. */
export function optionalText(name: string, rule: Omit<TextRule<string>, 'parse'>): Reader<string> {
  const reader = optionalValue(name, { ...rule, parse: anyText });
  return { ...reader, read: (source) => reader.read(source) ?? '' };
}

/** Reads a list of 1 to `maxCount` texts, in any spelling of ACC-4. Duplicates count. */
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

/** Reads an optional list of at most `maxCount` texts; undefined if it is absent. */
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

/** Returns the elements of a list as they were sent; an element that cannot be decoded is not a text. */
function listOf(source: ParameterSource, name: string): readonly unknown[] {
  const field = findField(source, name);
  if (field !== undefined) return Array.isArray(field) ? field : [field];
  return source.query.list(name).map((value) => (value.intact ? value.text : undefined));
}

/** Limits of an integer. */
export interface IntegerRule {
  readonly min: number;
  readonly max: number;
  /** Whether a number above `max` counts as `max`; otherwise it is malformed. */
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

/** Reads an integer, as decimal text or as a JSON number; `fallback` if it is absent. */
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

/** Reads a required integer. */
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

/** Reads a list of at least one integer; duplicates are removed. */
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

/** Reads `true` or `false` in any letter case, or a JSON boolean; false if absent. */
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
