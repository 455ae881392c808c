/**
 * The configuration's schema as a list of keys, each with its environment variable and a description of valid values.
 *
 * @module
 */

import { CONFIG_SCHEMA } from './schema.ts';

/** A node of the schema, with the annotations for documents and messages. */
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
  /** The default in words, if it is not a constant. */
  readonly defaultText?: string;
  /** A description of valid values, if it cannot be derived from the schema. */
  readonly rule?: string;
  readonly unit?: string;
  /** The environment variable, if it is not derived from the path. */
  readonly env?: string;
  /** Whether the value is never shown. */
  readonly secret?: boolean;
  readonly example?: string | number | Readonly<Record<string, string | readonly string[]>>;
}

/** One key that can be set by a file or by an environment variable. */
export interface ConfigKey {
  /** The path in a file, such as `media.port`. */
  readonly path: string;
  /** The environment variable, such as `GAVEL_MEDIA_PORT`. */
  readonly env: string;
  readonly node: SchemaNode;
  /** Whether a configuration without it is refused; only inside a group that is itself optional. */
  readonly isRequired: boolean;
}

/** The root of the schema. */
export const CONFIG_ROOT = CONFIG_SCHEMA as unknown as SchemaNode;

/** Returns the environment variable of a path: `media.portRange` becomes `GAVEL_MEDIA_PORT_RANGE`. */
export function envNameOf(path: string): string {
  return `GAVEL_${path
    .replaceAll('.', '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}

/** Returns whether a node is a group of keys, not a key with a value. */
export function isGroup(node: SchemaNode): boolean {
  return node.properties !== undefined;
}

/** Lists the keys below a node. A list or a map is one key: its environment variable contains JSON. */
export function listKeys(node: SchemaNode = CONFIG_ROOT, prefix = '', isOptional = false): ConfigKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isRequired = node.required?.includes(name) ?? false;
    if (isGroup(child)) return listKeys(child, path, isOptional || !isRequired);
    return [{ path, env: child.env ?? envNameOf(path), node: child, isRequired: isOptional && isRequired }];
  });
}

/** Describes valid values: `an integer from 1 to 65535`. */
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

/** Returns a new object with every default of the schema, including required groups. */
export function makeDefaults(node: SchemaNode = CONFIG_ROOT): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (child.default !== undefined) result[name] = structuredClone(child.default);
    else if (isGroup(child) && node.required?.includes(name)) result[name] = makeDefaults(child);
  }
  return result;
}
