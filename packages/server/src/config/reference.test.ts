import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config.ts';
import { CONFIG_ROOT, describeRule, envNameOf, isGroup, listKeys, makeDefaults, type SchemaNode } from './keys.ts';
import { printConfigReference, printSampleFile } from './reference.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { parseYamlSource } from './sources.ts';

const load = (text: string) =>
  loadConfig({
    argv: ['--config', 'gavel.yaml'],
    env: {},
    readFile: (path) => {
      if (path !== 'gavel.yaml') throw new Error('no such file');
      return text;
    },
  });

function listNodes(node: SchemaNode): SchemaNode[] {
  const children = [...Object.values(node.properties ?? {}), ...(node.items === undefined ? [] : [node.items])];
  return children.flatMap((child) => [child, ...listNodes(child)]);
}

describe('the schema', () => {
  it('has defaults that obey it, but for what depends on the mode', () => {
    const defaults = makeDefaults();
    const callbacks = { ...(defaults.callbacks as object), allowPrivateTargets: false };
    expect(Value.Check(CONFIG_SCHEMA, { ...defaults, host: '::', playground: false, callbacks })).toBe(true);
  });

  it('gives each key its own variable', () => {
    const names = listKeys().map((key) => key.env);
    expect(new Set(names).size).toBe(names.length);
    expect(envNameOf('media.portRange.min')).toBe('GAVEL_MEDIA_PORT_RANGE_MIN');
  });

  it('describes every key, and states its rule in words', () => {
    const silent = listNodes(CONFIG_ROOT).filter((node) => !isGroup(node) && node.secret !== true && !node.description);
    expect(silent).toEqual([]);
    for (const { node, path } of listKeys()) expect(describeRule(node), path).not.toMatch(/undefined/);
  });

  it('states a rule in words wherever there is a pattern', () => {
    expect(listNodes(CONFIG_ROOT).filter((node) => node.pattern !== undefined && node.rule === undefined)).toEqual([]);
  });
});

describe('the reference page', () => {
  it('names every key with its variable', () => {
    const page = printConfigReference();
    for (const { path, env } of listKeys()) expect(page).toContain(`| \`${path}\` | \`${env}\` |`);
  });
});

describe('the sample file', () => {
  it('changes nothing as it is', () => {
    const nothing = loadConfig({
      argv: [],
      env: {},
      readFile: () => {
        throw new Error('no such file');
      },
    });
    expect(load(printSampleFile())).toEqual(nothing);
  });

  it('names every key', () => {
    const keys = printSampleFile().matchAll(/^[#\s-]*(\w+):/gm);
    const found = new Set([...keys].map((match) => match[1]));
    for (const { path } of listKeys()) expect(found).toContain(path.split('.').at(-1));
  });

  it('gives a list entry that is whole once its secrets are filled in', () => {
    const block = printSampleFile()
      .split('\n')
      .slice(0, printSampleFile().split('\n').indexOf('rooms:'))
      .map((line) => line.replace(/^# ((apps|apiTokens):$| {2})/, '$1'))
      .join('\n')
      .replace(/^(\s+\w+): "\.\.\."/gm, '$1: 0123456789abcdef0123456789abcdef');
    expect(parseYamlSource(block, 'sample').problems).toEqual([]);
    const config = load(block);
    expect(config.apps).toHaveLength(1);
    expect(config.apiTokens).toHaveLength(1);
  });
});
