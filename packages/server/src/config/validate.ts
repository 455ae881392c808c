/**
 * Validates a configuration against the schema, and against rules between keys that the schema cannot express.
 *
 * @module
 */

import { isIP } from 'node:net';
import { Value } from 'typebox/value';
import { isAddressRange } from '../addresses/address.ts';
import { findPrivateHost } from '../callbacks/private-addresses.ts';
import { findClusterProblems } from './cluster-schema.ts';
import { CONFIG_ROOT, describeRule, type SchemaNode } from './keys.ts';
import { type ConfigProblem, showValue } from './problems.ts';
import type { Config } from './schema.ts';
import { suggest } from './suggest.ts';
import { findTurnProblems } from './turn-schema.ts';

/** Returns the origin of the value at a path. */
export type OriginOf = (path: string) => string | undefined;

/** A parsed, unvalidated value. */
export type Untrusted = Record<string, unknown>;

/** Returns whether a value is a map of keys. */
export function isMap(value: unknown): value is Untrusted {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Validates a value against the schema, fills in defaults inside lists, and returns all problems. */
export function findSchemaProblems(value: Untrusted, originOf: OriginOf): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (key: string, message: string): void => {
    const origin = originOf(key);
    problems.push(origin === undefined ? { key, message } : { key, origin, message });
  };

  function checkMap(node: SchemaNode, map: Untrusted, path: string): void {
    const known = Object.keys(node.properties ?? {});
    const under = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const [name, child] of Object.entries(map)) {
      const schema = node.properties?.[name];
      if (schema === undefined) report(under(name), `unknown key${suggest(name, known)}`);
      else check(schema, child, under(name));
    }
    for (const name of node.required ?? []) {
      if (Object.hasOwn(map, name)) continue;
      const schema = node.properties?.[name];
      if (schema?.default !== undefined) map[name] = structuredClone(schema.default);
      else report(under(name), `is missing; it must be ${describeRule(schema ?? {})}`);
    }
  }

  function check(node: SchemaNode, found: unknown, path: string): void {
    const entries = Object.values(node.patternProperties ?? {})[0];
    if (node.properties !== undefined && isMap(found)) checkMap(node, found, path);
    else if (entries !== undefined && isMap(found)) {
      for (const [name, child] of Object.entries(found)) check(entries, child, `${path}.${name}`);
    } else if (node.items !== undefined && Array.isArray(found)) {
      for (const [index, child] of found.entries()) check(node.items, child, `${path}[${index}]`);
    } else if (!Value.Check(node as Parameters<typeof Value.Check>[0], found)) {
      report(path, `${showValue(found, holdsSecret(node))} is not ${describeRule(node)}`);
    }
  }

  checkMap(CONFIG_ROOT, value, '');
  return problems;
}

/** Returns whether a value of this node may contain a secret, at any depth: a misplaced secret must not be shown either. */
function holdsSecret(node: SchemaNode): boolean {
  const children = [...Object.values(node.properties ?? {}), ...(node.items === undefined ? [] : [node.items])];
  return node.secret === true || children.some(holdsSecret);
}

/** Returns the problems of the rules between keys. The configuration must be valid against the schema. */
export function findRuleProblems(config: Config, originOf: OriginOf): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (key: string, message: string): void => {
    const origin = originOf(key);
    problems.push(origin === undefined ? { key, message } : { key, origin, message });
  };
  /** Reports each entry whose value an earlier entry also has. */
  const requireDistinct = <T>(list: string, entries: readonly T[], name: keyof T & string): void => {
    const seen = new Map<unknown, number>();
    for (const [index, entry] of entries.entries()) {
      const earlier = seen.get(entry[name]);
      if (earlier === undefined) seen.set(entry[name], index);
      else report(`${list}[${index}].${name}`, `is the same as that of ${list}[${earlier}]`);
    }
  };

  const { rooms, media } = config;
  if (rooms.heartbeatTimeoutMs <= rooms.heartbeatIntervalMs) {
    report(
      'rooms.heartbeatTimeoutMs',
      `${rooms.heartbeatTimeoutMs} is not longer than rooms.heartbeatIntervalMs (${rooms.heartbeatIntervalMs})`,
    );
  }
  const { headersTimeoutMs, requestTimeoutMs } = config.http;
  if (requestTimeoutMs < headersTimeoutMs) {
    report('http.requestTimeoutMs', `${requestTimeoutMs} is shorter than http.headersTimeoutMs (${headersTimeoutMs})`);
  }
  if (media.portRange === undefined) {
    const last = media.port + media.workers - 1;
    if (last > 65_535)
      report('media.port', `${media.workers} workers need ports up to ${last}, but the highest port is 65535`);
  } else if (media.portRange.max < media.portRange.min) {
    report('media.portRange.max', `${media.portRange.max} is less than media.portRange.min (${media.portRange.min})`);
  } else {
    const ports = media.portRange.max - media.portRange.min + 1;
    if (ports < media.workers) report('media.portRange', `${ports} ports are too few for ${media.workers} workers`);
  }
  const { tcpPort } = media;
  if (tcpPort !== undefined) {
    const last = tcpPort + media.workers - 1;
    if (last > 65_535)
      report('media.tcpPort', `${media.workers} workers need ports up to ${last}, but the highest port is 65535`);
    if (media.transport === 'libdatachannel') report('media.tcpPort', 'libdatachannel has no TCP port');
    if (media.portRange !== undefined || (media.iceServers?.length ?? 0) > 0)
      report('media.tcpPort', 'media.portRange and media.iceServers need libdatachannel, which has no TCP port');
  }
  for (const name of ['listenAddress', 'announcedAddress'] as const) {
    const address = media[name];
    if (address !== undefined && isIP(address) === 0) report(`media.${name}`, `"${address}" is not an IP address`);
  }
  for (const [index, proxy] of config.trustedProxies.entries()) {
    if (!isAddressRange(proxy))
      report(`trustedProxies[${index}]`, `"${proxy}" is not an IP address or a range of them`);
  }
  for (const { key, message } of findCallbackProblems(config)) report(key, message);
  const turns = [config.turn, ...config.apps.map((app) => app.turn)];
  for (const [index, turn] of turns.entries()) {
    const group = index === 0 ? 'turn' : `apps[${index - 1}].turn`;
    for (const { key, message } of turn ? findTurnProblems(turn) : []) report(`${group}.${key}`, message);
  }
  const { cluster, store } = config;
  for (const { key, message } of cluster ? findClusterProblems(cluster, store.url !== undefined) : []) {
    report(`cluster.${key}`, message);
  }
  requireDistinct('apps', config.apps, 'name');
  requireDistinct('apps', config.apps, 'appId');
  requireDistinct('apps', config.apps, 'rtkAppId');
  requireDistinct('apiTokens', config.apiTokens, 'name');
  requireDistinct('apiTokens', config.apiTokens, 'token');
  return problems;
}

/** Checks callback URLs. Host names are resolved when a callback is sent; here only IP addresses are checked. */
function findCallbackProblems({ apps, callbacks }: Config): ConfigProblem[] {
  return apps.flatMap((app, index) =>
    Object.entries(app.callbacks ?? {}).flatMap(([name, url]): ConfigProblem[] => {
      const key = `apps[${index}].callbacks.${name}`;
      if (!URL.canParse(url)) return [{ key, message: 'is not a URL' }];
      const host = callbacks.allowPrivateTargets ? undefined : findPrivateHost(url);
      if (host === undefined) return [];
      return [{ key, message: `${host} is not a public address, and callbacks.allowPrivateTargets is off` }];
    }),
  );
}
