/**
 * Generates test cases from a route's schemas: valid values, and values with one error each.
 *
 * @module
 */

/** The parts of a schema that test cases are generated from. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly SchemaNode[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** An invalid value, and the field that the error must name. */
export interface BadValue {
  readonly what: string;
  readonly field: string;
  readonly value: unknown;
}

const FORMS: Readonly<Record<string, string>> = {
  url: 'https://example.com/a',
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
};

/** Returns a valid value of a schema, with all its fields. */
export function sampleOf(schema: SchemaNode): unknown {
  if (schema.anyOf) return sampleOf(schema.anyOf[0] ?? {});
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, node]) => [key, sampleOf(node)]));
    case 'array':
      return [sampleOf(schema.items ?? {})];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'null':
      return null;
    default:
      return FORMS[schema.format ?? ''] ?? 'x';
  }
}

/** Returns bodies that are invalid in one field each, for every field at every depth. */
export function badBodies(schema: SchemaNode): BadValue[] {
  const cases: BadValue[] = [];
  const whole = sampleOf(schema);
  const visit = (node: SchemaNode, steps: readonly string[], isChoice = false): void => {
    const add = (what: string, value: unknown, at = steps): void => {
      cases.push({
        what: `${what} at ${at.join('.') || 'the body'}`,
        field: at.join('.') || 'body',
        value: put(whole, at, value),
      });
    };
    for (const value of isChoice ? [] : wrongTypes(node)) add(`${JSON.stringify(value)}`, value);
    if (node.enum) add('a word that is none of the list', 'nonsense');
    if (node.maxLength !== undefined) add('a text that is too long', 'x'.repeat(node.maxLength + 1));
    if (node.maximum !== undefined) add('a number that is too large', node.maximum + 1);
    if (node.minimum !== undefined) add('a number that is too small', node.minimum - 1);
    if (node.pattern !== undefined) add('an address of another kind', 'javascript:alert(1)');
    if (node.minLength === 1) add('an empty text', '');
    if (node.maxItems !== undefined) add('too many', Array(node.maxItems + 1).fill(sampleOf(node.items ?? {})));
    if (node.format !== undefined) add('a text of another form', 'not of that form');
    if (node.properties && node.additionalProperties === false) {
      add('an unknown key', 1, [...steps, 'unknown_key']);
      for (const name of node.required ?? []) add('nothing', undefined, [...steps, name]);
      for (const [name, child] of Object.entries(node.properties)) visit(child, [...steps, name]);
    }
    for (const choice of node.anyOf ?? []) if (choice.properties) visit(choice, steps, true);
  };
  visit(schema, []);
  return cases;
}

function wrongTypes(node: SchemaNode): unknown[] {
  const admitted = new Set(node.anyOf ? node.anyOf.map(typeOf) : [typeOf(node)]);
  if (admitted.has('anything')) return [];
  const values = { string: 'x', number: 5.5, boolean: true, null: null, array: [], object: {} };
  return Object.entries(values).flatMap(([type, value]) => (admitted.has(type) ? [] : [value]));
}

function typeOf(node: SchemaNode): string {
  if (node.enum) return 'string';
  return node.type === 'integer' ? 'number' : (node.type ?? 'anything');
}

/** Returns a copy with another value at a path; undefined removes it. */
function put(whole: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const copy = { ...(whole as Record<string, unknown>) };
  copy[step] = put(copy[step], rest, value);
  return copy;
}

/** Returns query strings that are invalid in one parameter each. */
export function badQueries(schema: SchemaNode): BadValue[] {
  return Object.entries(schema.properties ?? {}).flatMap(([field, node]) => {
    const values = new Map<string, string>([['given twice', `a&${field}=b`]]);
    if (node.type === 'integer') {
      for (const text of ['x', '-1', '1.5', '', '1e3', '0x10', '9'.repeat(30)]) values.set(`"${text}"`, text);
    }
    if (node.enum) values.set('none of the list', 'nonsense');
    if (node.pattern ?? node.format) values.set('of another form', 'nonsense');
    if (node.maxLength !== undefined) values.set('too long', 'x'.repeat(node.maxLength + 1));
    return [...values].map(([what, text]) => ({ what: `${field} ${what}`, field, value: `${field}=${text}` }));
  });
}
