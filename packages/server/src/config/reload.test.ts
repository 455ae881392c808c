import { expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { compareConfigs } from './reload.ts';

const load = (env: Record<string, string>) => loadConfig({ argv: [], env, readFile: () => '' });
const KEY = { GAVEL_ADMIN_KEY: 'an-admin-key-0123456789' };

test('a changed key is named once, with the values of those that need no restart in the result (START-4)', () => {
  const current = load({ ...KEY, GAVEL_PORT: '7000' });
  const read = load({ GAVEL_ADMIN_KEY: 'another-key-0123456789', GAVEL_LOG_LEVEL: 'warn', GAVEL_PORT: '7001' });
  const { next, reloaded, needRestart } = compareConfigs(current, read);
  expect(reloaded).toEqual(['logLevel', 'adminKey']);
  expect(needRestart).toEqual(['port']);
  expect(next).toEqual({ ...current, logLevel: 'warn', adminKey: 'another-key-0123456789' });
});

test('the keys of a group that can be reloaded change together', () => {
  const current = load({});
  const read = load({ GAVEL_TURN_URLS: '["stun:stun.example.org"]', GAVEL_TURN_TTL_SECONDS: '700' });
  const { next, reloaded, needRestart } = compareConfigs(current, read);
  expect(reloaded).toEqual(['turn.urls', 'turn.ttlSeconds']);
  expect(needRestart).toEqual([]);
  expect(next.turn).toEqual(read.turn);
});

test('an admin key or certificates that are added or removed need a restart, and keep their old values', () => {
  const tls = { GAVEL_TLS_CERT_FILE: 'cert.pem', GAVEL_TLS_KEY_FILE: 'key.pem' };
  const bare = load({});
  const full = load({ ...KEY, ...tls });
  for (const [current, read] of [
    [bare, full],
    [full, bare],
  ] as const) {
    const { next, reloaded, needRestart } = compareConfigs(current, read);
    expect(reloaded).toEqual([]);
    expect(needRestart).toEqual(['adminKey', 'tls.certFile', 'tls.keyFile']);
    expect(next).toEqual(current);
  }
  const moved = load({ ...KEY, ...tls, GAVEL_TLS_CERT_FILE: 'new.pem' });
  expect(compareConfigs(full, moved)).toMatchObject({ reloaded: ['tls.certFile'], needRestart: [], next: moved });
});
