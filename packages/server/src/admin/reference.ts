/**
 * Prints the pages of the admin API from its schemas: the OpenAPI document, and a table for each route.
 *
 * @module
 */

import Fastify from 'fastify';
import manifest from '../../package.json' with { type: 'json' };
import { systemClock } from '../base/clock.ts';
import { NO_LINK } from '../cluster/node-link.ts';
import { ClusterPeers } from '../cluster/peers.ts';
import { ADMIN_PREFIX, type AdminDoorDeps, registerAdminDoor } from './door.ts';

/** A schema, as far as the pages show it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Returns the OpenAPI document as a server has it. */
export async function readOpenApi(): Promise<OpenApi> {
  const http = Fastify();
  // No route is called but the document's own, so that the other dependencies are not used.
  const deps = {
    adminKey: () => 'key',
    version: manifest.version,
    clock: systemClock,
    bus: { subscribe: () => () => {} },
    peers: new ClusterPeers(NO_LINK),
  };
  await registerAdminDoor(http, deps as unknown as AdminDoorDeps);
  const headers = { authorization: 'Bearer key' };
  const answer = await http.inject({ url: `${ADMIN_PREFIX}/openapi.json`, headers });
  await http.close();
  return answer.json();
}

/** Returns the text of `docs/reference/admin-api.openapi.json`. */
export async function printOpenApi(): Promise<string> {
  return `${JSON.stringify(await readOpenApi(), null, 2)}\n`;
}

/** Returns the text of `docs/reference/admin-routes.md`. */
export async function printAdminRoutes(): Promise<string> {
  const { paths } = await readOpenApi();
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) =>
      printOperation(`${method.toUpperCase()} ${path.slice(ADMIN_PREFIX.length)}`, operation),
    ),
  );
  return [
    '# Routes of the admin API',
    '',
    '<!-- Generated from packages/server/src/admin by `npm run docs`; do not edit. -->',
    '',
    'All paths are below `/admin/v1`. [Admin API](admin-api.md) has access, roles and what calls have in common. The same as',
    'OpenAPI 3.1: [admin-api.openapi.json](admin-api.openapi.json).',
    '',
    ...sections.flat(),
  ].join('\n');
}

function printOperation(title: string, { summary, parameters = [], requestBody, responses }: Operation): string[] {
  const body = schemaOf(requestBody);
  const answer = schemaOf(responses['200']);
  return [
    `## ${title}`,
    '',
    `${summary}.`,
    '',
    ...printTable('Parameter', [
      ...parameters.map(({ name, required = false, description, schema }) => ({
        name,
        required,
        schema: { ...schema, ...(description !== undefined && { description }) },
      })),
    ]),
    ...(body ? printTable('Body', listFields(body)) : []),
    ...(answer ? printTable('Answer', listFields(answer)) : []),
  ];
}

const schemaOf = (content: Content | undefined): Schema | undefined => content?.content?.['application/json']?.schema;

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

function printTable(title: string, fields: readonly Field[]): string[] {
  if (fields.length === 0) return [];
  return [
    `| ${title} | Type | |`,
    '|---|---|---|',
    ...fields.map(({ name, required, schema }) => {
      const description = (schema.description ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ');
      return `| \`${name}\`${required ? '' : ' (optional)'} | ${describeType(schema)} | ${description} |`;
    }),
    '',
  ];
}

/** Lists the fields of an object, and those of the objects in it. */
function listFields({ properties = {}, required = [] }: Schema, prefix = ''): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const inner = schema.items ?? schema.anyOf?.find((each) => each.properties) ?? schema;
    const path = `${prefix}${name}${schema.type === 'array' ? '[]' : ''}`;
    return [{ name: path, required: required.includes(name), schema }, ...listFields(inner, `${path}.`)];
  });
}

function describeType(schema: Schema): string {
  const { type, anyOf, items, const: value, enum: values } = schema;
  if (value !== undefined) return `\`${String(value)}\``;
  if (values) return values.map((each) => `\`${String(each)}\``).join(', ');
  if (anyOf) return anyOf.map(describeType).join(', ');
  if (items) return `array of ${describeType(items)}`;
  return typeof type === 'string' ? type : (type ?? ['any']).join(', ');
}
