/**
 * The configuration's reference page and sample file, generated from the schema so that they cannot differ from it.
 *
 * @module
 */

import { CONFIG_ROOT, describeRule, envNameOf, isGroup, listKeys, type SchemaNode } from './keys.ts';

const NOTICE = 'Generated from packages/server/src/config/schema.ts by `npm run docs`; do not edit.';

/** Returns a key's default in words. */
function describeDefault(node: SchemaNode, isRequired: boolean): string {
  if (node.defaultText !== undefined) return node.defaultText;
  if (node.default === undefined) return isRequired ? 'required' : 'none';
  return `\`${JSON.stringify(node.default).replace(/^"(.*)"$/, '$1')}\``;
}

function describeUnit(node: SchemaNode): string {
  return node.unit === undefined ? '' : ` (${node.unit})`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function makeTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** Returns a node's description, with a mark if its value is a secret. */
function describeMeaning(node: SchemaNode): string {
  const members = Object.values(node.properties ?? {});
  const isSecret = [node, node.items, ...members].some((each) => each?.secret === true);
  const secret = isSecret ? ' Secret: never logged.' : '';
  return `${node.description ?? ''}${secret}`;
}

function listGroups(): { name: string; title: string; node: SchemaNode }[] {
  const groups = Object.entries(CONFIG_ROOT.properties ?? {}).filter(([, node]) => isGroup(node));
  return groups.map(([name, node]) => ({
    name,
    title: `\`${name}\`: ${(node.description ?? '').replace(/\.$/, '')}`,
    node,
  }));
}

function keyRows(prefix: string): string[][] {
  return listKeys()
    .filter(({ path }) => (prefix === '' ? !path.includes('.') : path.startsWith(`${prefix}.`)))
    .map(({ path, env, node, isRequired }) => [
      `\`${path}\``,
      `\`${env}\``,
      `${describeRule(node)}${describeUnit(node)}`,
      isRequired ? 'required in its group' : describeDefault(node, false),
      describeMeaning(node),
    ]);
}

function entryRows(items: SchemaNode): string[][] {
  return Object.entries(items.properties ?? {}).map(([name, node]) => [
    `\`${name}\``,
    `${describeRule(node)}${describeUnit(node)}`,
    describeDefault(node, items.required?.includes(name) ?? false),
    describeMeaning(node),
  ]);
}

/** Prints `docs/reference/configuration.md`. */
export function printConfigReference(): string {
  const keyHead = ['Key', 'Variable', 'Value', 'Default', 'Meaning'];
  const entryHead = ['Key', 'Value', 'Default', 'Meaning'];
  const lists = listKeys().filter(({ node }) => node.items !== undefined && isGroup(node.items));
  return [
    '# Configuration',
    '',
    `<!-- ${NOTICE} -->`,
    '',
    'Values come from four sources; a later source overrides an earlier one:',
    '',
    '1. the defaults below;',
    '2. a YAML file, named by `--config FILE` or `GAVEL_CONFIG` (`gavel.sample.yaml` shows every key);',
    '3. environment variables, one for each key; an empty variable counts as absent; lists and maps are written as JSON;',
    '   a variable with `_FILE` after its name (`GAVEL_ADMIN_KEY_FILE`) names a file that contains the value;',
    '4. the command line: `--dev` (mode `dev`) and `--port N`.',
    '',
    'An unknown key, `GAVEL_` variable or argument is an error, which names the nearest known name; so is',
    'a value of a wrong type or out of range. The error lists all problems, and the server does not start. Names that',
    'begin with `GAVEL_TEST_`, `GAVEL_BENCH_` or `GAVEL_CLI_` are those of tests, benchmarks and the command line.',
    '',
    ...makeTable(keyHead, keyRows('')),
    '',
    ...listGroups().flatMap(({ name, title }) => [`## ${title}`, '', ...makeTable(keyHead, keyRows(name)), '']),
    ...lists.flatMap(({ path, node }) => [
      `## An entry of \`${path}\``,
      '',
      ...makeTable(entryHead, entryRows(node.items ?? {})),
      '',
    ]),
    '## Rules between keys',
    '',
    '- `rooms.heartbeatTimeoutMs` is longer than `rooms.heartbeatIntervalMs`.',
    '- From `media.port` on, there is one port per worker up to 65535. In `media.portRange`, `max` is not below `min`, and the range has at least one port per worker.',
    '- `media.tcpPort` is not combined with `media.portRange`, `media.iceServers` or the transport `libdatachannel`. From it on, there is one TCP port per worker up to 65535.',
    '- A callback URL whose host is an IP address has a public address, unless `callbacks.allowPrivateTargets` is on.',
    '- A `turn` group with a `turn:` or `turns:` address has a `secret`.',
    '- No two Apps share a `name`, `appId` or `rtkAppId`; no two API tokens share a `name` or `token`.',
    '- Production mode refuses the keys that dev mode created: those in `<dataDir>/dev-credentials.json`.',
    '',
  ].join('\n');
}

const WIDTH = 110;

/** Wraps a text into comment lines. */
function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((content) => `${indent}# ${content}`);
}

/** Describes one key as comment lines: its description, valid values and default. */
function describeKey(node: SchemaNode, isRequired: boolean, indent: string): string[] {
  const about = `${describeRule(node)}${describeUnit(node)}; ${isRequired ? 'required' : `default: ${describeDefault(node, false)}`}`;
  return comment(`${node.description ?? ''} ${about[0]?.toUpperCase()}${about.slice(1).replaceAll('`', '')}.`, indent);
}

/** Returns an example value of a key, as YAML on one line. */
function sampleValue(node: SchemaNode): string {
  if (node.example !== undefined) return JSON.stringify(node.example);
  // A default that is described in words depends on the machine.
  if (node.default !== undefined && node.defaultText === undefined)
    return JSON.stringify(node.default).replace(/^"([\w./]+)"$/, '$1');
  if (node.secret === true) return '"..."';
  if (node.items !== undefined) return '[]';
  if (node.type === 'object') return '{}';
  if (node.type === 'boolean') return 'false';
  return node.type === 'integer' ? String(node.minimum) : '"..."';
}

/** Returns an entry of a list as comment lines, which take effect when the first `#` of each is removed. */
function entryLines(items: SchemaNode): string[] {
  return Object.entries(items.properties ?? {}).flatMap(([name, child]) => {
    const isRequired = (items.required?.includes(name) ?? false) && child.default === undefined;
    const key = `${isRequired ? '' : '# '}${name}: ${sampleValue(child)}`;
    return [...describeKey(child, isRequired, '#     '), `#     ${key}`];
  });
}

/** @param isOptional whether the group may be absent: then the groups in it are commented out too, because an empty one is not */
function sampleLines(node: SchemaNode, indent: string, isOptional = false): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    if (isGroup(child)) {
      const gap = indent === '' ? [''] : [];
      return [
        ...gap,
        ...comment(child.description ?? '', indent),
        `${indent}${isOptional ? '# ' : ''}${name}:`,
        ...sampleLines(child, `${indent}  `, isOptional || !node.required?.includes(name)),
      ];
    }
    if (child.items !== undefined && isGroup(child.items)) {
      return ['', ...comment(child.description ?? '', indent), `# ${name}:`, '#   -', ...entryLines(child.items)];
    }
    return [...describeKey(child, false, indent), `${indent}# ${name}: ${sampleValue(child)}`];
  });
}

/** Prints `gavel.sample.yaml`: every key, commented out, with its default or an example. Without changes, the file has no effect. */
export function printSampleFile(): string {
  return [
    "# Gavel's configuration, with every key. Remove the # before a key to set it.",
    `# Each key is also an environment variable (media.port is ${envNameOf('media.port')}): see`,
    '# docs/reference/configuration.md.',
    `# ${NOTICE.replaceAll('`', "'")}`,
    '',
    ...sampleLines(CONFIG_ROOT, ''),
    '',
  ].join('\n');
}
