/**
 * `gavel context`: the servers that the user works with.
 *
 * @module
 */

import { type CommandSpec, makeTable } from '../command.ts';
import { readContexts, requireUrl, writeContexts } from '../contexts.ts';
import { usageError } from '../errors.ts';
import { readSecret } from '../parse.ts';

const set: CommandSpec = {
  name: 'context set',
  summary: 'Adds or changes a context, and makes it the current one.',
  args: [{ name: 'name', description: 'The name of the context.' }],
  options: [
    { flags: '--url <url>', description: 'The URL of the server.', isRequired: true, parse: requireUrl },
    { flags: '--key-file <file>', description: 'The file with the admin key; - for standard input.' },
    { flags: '--api-token-file <file>', description: 'The file with a token of the RealtimeKit API.' },
  ],
  async run({ io, args: [name = ''], options: { url, keyFile, apiTokenFile } }) {
    const { contexts } = readContexts(io);
    const context = {
      ...contexts[name],
      url: String(url),
      ...(keyFile !== undefined && { key: readSecret(String(keyFile)) }),
      ...(apiTokenFile !== undefined && { apiToken: readSecret(String(apiTokenFile)) }),
    };
    writeContexts(io, { current: name, contexts: { ...contexts, [name]: context } });
    return { value: { name, url: context.url }, lines: [`${name} is the current context: ${context.url}`] };
  },
};

const use: CommandSpec = {
  name: 'context use',
  summary: 'Makes a context the current one.',
  args: [{ name: 'name', description: 'The name of the context.' }],
  async run({ io, args: [name = ''] }) {
    const { contexts } = readContexts(io);
    const context = contexts[name];
    if (!context) throw usageError(`there is no context ${name}`);
    writeContexts(io, { current: name, contexts });
    return { value: { name, url: context.url }, lines: [`${name} is the current context: ${context.url}`] };
  },
};

const list: CommandSpec = {
  name: 'context list',
  summary: 'Lists the contexts, without their keys.',
  async run({ io }) {
    const { current, contexts } = readContexts(io);
    const value = Object.entries(contexts).map(([name, { url, key, apiToken }]) => ({
      ...{ name, url, isCurrent: name === current, hasKey: key !== undefined, hasApiToken: apiToken !== undefined },
    }));
    const rows = value.map(({ name, url, isCurrent, hasKey }) => [
      isCurrent ? '*' : '',
      name,
      url,
      hasKey ? 'yes' : 'no',
    ]);
    return { value, lines: makeTable(['', 'NAME', 'URL', 'ADMIN KEY'], rows) };
  },
};

const remove: CommandSpec = {
  name: 'context delete',
  summary: 'Deletes a context with its keys.',
  args: [{ name: 'name', description: 'The name of the context.' }],
  async run({ io, args: [name = ''] }) {
    const { current, contexts } = readContexts(io);
    const { [name]: found, ...rest } = contexts;
    if (!found) throw usageError(`there is no context ${name}`);
    writeContexts(io, { ...(current !== undefined && current !== name && { current }), contexts: rest });
    return { value: { name }, lines: [`deleted the context ${name}`] };
  },
};

/** The commands of contexts. */
export const CONTEXT_COMMANDS: readonly CommandSpec[] = [set, use, list, remove];
