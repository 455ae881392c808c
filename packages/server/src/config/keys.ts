/**
 * The configuration's schema as a list of keys, each with its environment variable and the rule its value obeys.
 *
 * @module
 */

import { CONFIG_SCHEMA } from './schema.ts';

/** A node of the schema, with the annotations that documents and messages are made of. */
export interface SchemaNode {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly { readonly const: string }[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  /** The default in words, where it is no constant. */
  readonly defaultText?: string;
  /** What a value must be, in words, where the schema alone does not tell. */
  readonly rule?: string;
  readonly unit?: string;
  /** The environment variable, where it is not made of the path. */
  readonly env?: string;
  /** The value is never shown. */
  readonly secret?: boolean;
  readonly example?: string | number | Readonly<Record<string, string | readonly string[]>>;
}

/** One key that can be set by a file or by an environment variable. */
export interface ConfigKey {
  /** As in a file: `media.port`. */
  readonly path: string;
  /** As in the environment: `GAVEL_MEDIA_PORT`. */
  readonly env: string;
  readonly node: SchemaNode;
  /** Whether a configuration is refused without it; only inside a group that is itself optional. */
  readonly isRequired: boolean;
}

/** The root of the schema. */
export const CONFIG_ROOT = CONFIG_SCHEMA as unknown as SchemaNode;

/** Turns a path into the name of its environment variable: `media.portRange` gives `GAVEL_MEDIA_PORT_RANGE`. */
export function envNameOf(path: string): string {
  return `GAVEL_${path
    .replaceAll('.', '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}

/** Returns whether a node is a group of keys, as against a key with a value. */
export function isGroup(node: SchemaNode): boolean {
  return node.properties !== undefined;
}

/** Lists the keys below a node. Lists and maps are one key each: the environment gives them as JSON. */
export function listKeys(node: SchemaNode = CONFIG_ROOT, prefix = '', isOptional = false): ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isRequired = node.required?.includes(name) ?? false;
    if (isGroup(child)) return listKeys(child, path, isOptional || !isRequired);
    return [{ path, env: child.env ?? envNameOf(path), node: child, isRequired: isOptional && isRequired }];
  });
}

/** Says what a value must be: `an integer from 1 to 65535`. */
export function describeRule(node: SchemaNode): string {
  if (node.rule !== undefined) return node.rule;
  if (node.anyOf !== undefined) return `one of ${node.anyOf.map((choice) => choice.const).join(', ')}`;
  switch (node.type) {
    case 'integer':
      return `an integer from ${node.minimum} to ${node.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a map';
    default:
      return node.maxLength === undefined
        ? 'a text'
        : `a text of ${node.minLength ?? 0} to ${node.maxLength} characters`;
  }
}

/** Returns a fresh value with every default of the schema, groups that are required included. */
export function makeDefaults(node: SchemaNode = CONFIG_ROOT): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (child.default !== undefined) result[name] = structuredClone(child.default);
    else if (isGroup(child) && node.required?.includes(name)) result[name] = makeDefaults(child);
  }
  return result;
}
