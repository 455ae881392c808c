/**
 * Checks bodies and queries against their schemas, and describes errors as the vendor does:
 * `"name" is required` (reference 2.2).
 *
 * @module
 */

import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { makeOnce } from '../validation/make-once.ts';
import { badRequest } from './envelope.ts';

/** The pattern of an http(s) address that a browser may load; others, such as `javascript:`, are refused. */
export const HTTP_ADDRESS = '^[hH][tT][tT][pP][sS]?://';

/** The pattern of ids in queries. */
export const GUID_PATTERN = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
/** The pattern of ranges of whole numbers: `1:10`, `5:`, `:3`. */
export const RANGE_PATTERN = '^(\\d{1,9}:\\d{0,9}|:\\d{1,9})$';

/** Descriptions of required text formats, by pattern or format; other patterns are addresses. */
const FORMS: Readonly<Record<string, string>> = {
  'date-time': 'must be in ISO 8601 date format',
  date: 'must be a date such as 2026-01-31',
  [GUID_PATTERN]: 'must be a valid GUID',
  [RANGE_PATTERN]: 'must be a range such as 1:10',
};

const A_URI = 'must be a valid uri';

/** Maximum length of a field name in a message, so that the server does not return a caller's long input. */
const MAX_NAME_LENGTH = 256;

type Problem = ReturnType<ReturnType<typeof Compile>['Errors']>[number];

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'a boolean',
  array: 'an array',
  object: 'of type object',
};

/** Creates a function that returns a body checked against the schema. The function throws 400 with the first problem. */
export function createBodyReader<S extends TSchema>(schema: S): (body: unknown) => Static<S> {
  const validatorOf = makeOnce(() => Compile(schema));
  return (body) => {
    if (body === undefined) throw badRequest('"body" is required');
    const validator = validatorOf();
    if (!validator.Check(body)) throw badRequest(describeProblem(validator.Errors(body)));
    // After the schema check, which limits the depth.
    refuseBrokenText(body, '');
    return body as Static<S>;
  };
}

/**
 * Creates a function that returns a query checked against the schema. The function throws 400 with the first problem.
 * Numbers are parsed from text where the schema requires them; unknown parameters are ignored.
 */
export function createQueryReader<S extends TSchema>(schema: S): (query: unknown) => Static<S> {
  const validatorOf = makeOnce(() => Compile(schema));
  const properties = (schema as { readonly properties?: Readonly<Record<string, { readonly type?: string }>> })
    .properties;
  return (query) => {
    const given = query as Readonly<Record<string, unknown>>;
    const wanted: Record<string, unknown> = {};
    for (const [name, { type }] of Object.entries(properties ?? {})) {
      const value = given[name];
      if (value !== undefined) wanted[name] = type === 'integer' ? readNumber(value) : value;
    }
    const validator = validatorOf();
    if (!validator.Check(wanted)) throw badRequest(describeProblem(validator.Errors(wanted)));
    refuseBrokenText(wanted, '');
    return wanted as Static<S>;
  };
}

function readNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

/** Refuses text that some stores and clients cannot represent: NUL characters and lone surrogates. */
function refuseBrokenText(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw badRequest(`${quote(path)} must be well-formed text`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) refuseBrokenText(inner, `${path}/${key}`);
  }
}

/** Describes the first problem. */
function describeProblem(problems: readonly Problem[]): string {
  // An unknown key is reported twice, first as a value that no schema allows.
  const problem = problems.find(({ keyword }) => keyword !== 'boolean') ?? problems[0];
  if (!problem) return '"body" is not valid';
  const name = quote(problem.instancePath);
  switch (problem.keyword) {
    case 'required':
      return `${quote(`${problem.instancePath}/${problem.params.requiredProperties[0]}`)} is required`;
    case 'additionalProperties':
      return `${quote(`${problem.instancePath}/${problem.params.additionalProperties[0]}`)} is not allowed`;
    case 'type': {
      const type = [problem.params.type].flat()[0] ?? '';
      return `${name} must be ${TYPE_WORDS[type] ?? type}`;
    }
    case 'enum':
      return `${name} must be one of [${problem.params.allowedValues.join(', ')}]`;
    case 'minimum':
      return `${name} must be greater than or equal to ${problem.params.limit}`;
    case 'maximum':
      return `${name} must be less than or equal to ${problem.params.limit}`;
    case 'minLength':
      return `${name} is not allowed to be empty`;
    case 'maxLength':
      return `${name} length must be less than or equal to ${problem.params.limit} characters long`;
    case 'maxItems':
      return `${name} must contain less than or equal to ${problem.params.limit} items`;
    case 'minItems':
      return `${name} must contain at least ${problem.params.limit} items`;
    case 'uniqueItems':
      return `${name} contains a duplicate value`;
    case 'pattern':
      return `${name} ${FORMS[String(problem.params.pattern)] ?? A_URI}`;
    case 'format':
      return `${name} ${FORMS[problem.params.format] ?? A_URI}`;
    default:
      return `${name} ${problem.message}`;
  }
}

/** Formats `/a/0/b` as `"a[0].b"`, and the root as `"body"`. */
function quote(path: string): string {
  const steps = path.split('/').slice(1);
  const text = steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((before, step) => (/^\d+$/.test(step) ? `${before}[${step}]` : `${before && `${before}.`}${step}`), '');
  return `"${text.slice(0, MAX_NAME_LENGTH) || 'body'}"`;
}
