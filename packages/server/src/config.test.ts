import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigProblem, loadConfig } from './config.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const APP = {
  name: 'one',
  appId: 1234567890,
  serverSecret: SECRET,
  callbackSecret: 'callback-secret',
  accountId: 'account',
  rtkAppId: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
};
const TOKEN = { name: 'backend', accountId: 'account', token: 'a-token-of-20-letters' };

interface Setting {
  readonly argv?: readonly string[];
  readonly env?: Record<string, string>;
  /** File texts by path. */
  readonly files?: Record<string, string>;
}

function load({ argv = [], env = {}, files = {} }: Setting = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  return loadConfig({ argv, env, readFile });
}

function problemsOf(setting: Setting): readonly ConfigProblem[] {
  return errorOf(setting).problems;
}

function errorOf(setting: Setting): ConfigError {
  try {
    load(setting);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

const apps = (...entries: object[]): Record<string, string> => ({ GAVEL_APPS: JSON.stringify(entries) });

/** The defaults of the limits of streams and plays. */
const STREAM_LIMITS = { maxStreamsPerMember: 20, maxPlaysPerMember: 200, maxStreamsPerApp: 0, maxPlaysPerApp: 0 };

describe('where values come from', () => {
  it('gives the documented defaults when nothing is set', () => {
    expect(load()).toEqual({
      mode: 'production',
      playground: false,
      host: '0.0.0.0',
      port: 7700,
      dataDir: './data',
      store: { maxConnections: 10, statementTimeoutMs: 10_000 },
      logLevel: 'info',
      trustedProxies: [],
      apps: [],
      apiTokens: [],
      rooms: { heartbeatIntervalMs: 30_000, heartbeatTimeoutMs: 100_000, maxLoginsPerSecond: 200, ...STREAM_LIMITS },
      bans: { minPrefixIpv4: 16, minPrefixIpv6: 32 },
      http: { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, idleTimeoutMs: 75_000 },
      signalling: {
        maxFrameBytes: 524_288,
        maxBufferedBytes: 1_048_576,
        maxLoginBytes: 16_384,
        loginTimeoutMs: 10_000,
        maxPendingPerAddress: 1000,
      },
      chat: { maxFileBytes: 26_214_400, maxRoomFileBytes: 1_073_741_824, maxAppFileBytes: 10_737_418_240 },
      callbacks: {
        timeoutMs: 5000,
        maxInFlightPerEndpoint: 64,
        maxInMemoryPerEndpoint: 10_000,
        keepFailedDays: 7,
        allowPrivateTargets: false,
      },
      audit: { keepDays: 400 },
      realtimekit: {
        rateLimit: { requests: 3500, windowSeconds: 300 },
        retention: { sessionDays: 180, chatDays: 7 },
      },
      turn: { urls: [], ttlSeconds: 600 },
      media: { workers: 1, port: 7701, transport: 'auto', maxViewerBitrate: 50_000_000, connectTimeoutMs: 30_000 },
    });
  });

  it('allows callbacks to private addresses in dev mode, unless that is set', () => {
    expect(load({ argv: ['--dev'] }).callbacks.allowPrivateTargets).toBe(true);
    const env = { GAVEL_CALLBACKS_ALLOW_PRIVATE_TARGETS: 'false' };
    expect(load({ argv: ['--dev'], env }).callbacks.allowPrivateTargets).toBe(false);
  });

  it('listens on this machine alone in dev mode, unless a host is set', () => {
    expect(load({ argv: ['--dev'] }).host).toBe('127.0.0.1');
    expect(load({ argv: ['--dev'], env: { GAVEL_HOST: '::' } }).host).toBe('::');
    expect(load({ env: { GAVEL_MODE: 'dev' } }).host).toBe('127.0.0.1');
  });

  it('lets the environment win over the file, and the command line over both', () => {
    const files = { 'gavel.yaml': 'port: 1001\ndataDir: /file\nrooms: { heartbeatIntervalMs: 500 }\n' };
    const env = { GAVEL_CONFIG: 'gavel.yaml', GAVEL_PORT: '1002', GAVEL_ROOMS_HEARTBEAT_TIMEOUT_MS: '5000' };
    const config = load({ files, env, argv: ['--port', '1003'] });
    expect(config).toMatchObject({ port: 1003, dataDir: '/file' });
    expect(config.rooms).toEqual({
      heartbeatIntervalMs: 500,
      heartbeatTimeoutMs: 5000,
      maxLoginsPerSecond: 200,
      ...STREAM_LIMITS,
    });
    expect(load({ files, env }).port).toBe(1002);
  });

  it('takes the file named on the command line over the one in GAVEL_CONFIG', () => {
    const files = { 'a.yaml': 'port: 1001', 'b.yaml': 'port: 1002' };
    expect(load({ files, env: { GAVEL_CONFIG: 'a.yaml' }, argv: ['--config=b.yaml'] }).port).toBe(1002);
  });

  it('reads the announced address, lists and nested groups from their variables', () => {
    const config = load({
      env: {
        ...apps(APP),
        GAVEL_ANNOUNCED_ADDRESS: '203.0.113.7',
        GAVEL_MEDIA_ICE_SERVERS: '["stun:stun.example.org:3478"]',
        GAVEL_MEDIA_PORT_RANGE_MIN: '40000',
        GAVEL_MEDIA_PORT_RANGE_MAX: '40100',
      },
    });
    expect(config.media).toMatchObject({
      announcedAddress: '203.0.113.7',
      iceServers: ['stun:stun.example.org:3478'],
      portRange: { min: 40_000, max: 40_100 },
    });
    expect(config.apps[0]).toEqual({ ...APP, allowNoToken: false, rejectReplays: false });
  });

  it('counts an empty variable and an empty key of the file as absent', () => {
    const files = { 'gavel.yaml': 'port:\nrooms:\n' };
    expect(load({ files, env: { GAVEL_CONFIG: 'gavel.yaml', GAVEL_HOST: '' } })).toMatchObject({
      port: 7700,
      host: '0.0.0.0',
      rooms: { heartbeatIntervalMs: 30_000 },
    });
  });

  it("takes an Action's limit for one environment alone", () => {
    const rateLimits = { KickoutUser: { production: 5 } };
    expect(load({ env: apps({ ...APP, rateLimits }) }).apps[0]?.rateLimits).toEqual(rateLimits);
  });

  it('cannot be changed once it is loaded', () => {
    const config = load({ env: apps(APP) });
    expect(Object.isFrozen(config) && Object.isFrozen(config.media) && Object.isFrozen(config.apps[0])).toBe(true);
  });

  it('leaves variables of tests and of other programs alone', () => {
    expect(load({ env: { GAVEL_TEST_CHROMIUM: '/usr/bin/x', PORT: '99' } }).port).toBe(7700);
  });
});

describe('what is refused', () => {
  it('names a file that cannot be read', () => {
    expect(problemsOf({ argv: ['--config', 'gone.yaml'] })).toEqual([
      { key: 'gone.yaml', message: 'cannot be read: no such file' },
    ]);
  });

  it.each([
    ['port: [', /flow sequence/i],
    ['- 1\n- 2', /is not a map of keys but \[1,2\]/],
    ['port: 1\nport: 2', /unique/i],
  ])('refuses a file that is no YAML map: %j', (text, message) => {
    const [problem] = problemsOf({ files: { 'gavel.yaml': text }, argv: ['--config', 'gavel.yaml'] });
    expect(problem?.key).toBe('gavel.yaml');
    expect(problem?.message).toMatch(message);
  });

  it('refuses a key that does not exist, tells its line, and suggests the nearest', () => {
    const files = { 'gavel.yaml': 'port: 80\nmedia:\n  wokers: 2\nprot: 81\n' };
    expect(errorOf({ files, argv: ['--config', 'gavel.yaml'] }).message).toBe(
      [
        'The configuration is not valid:',
        '  - media.wokers (gavel.yaml:3): unknown key (did you mean "workers"?)',
        '  - prot (gavel.yaml:4): unknown key (did you mean "port"?)',
      ].join('\n'),
    );
  });

  it('refuses a key that does not exist inside a list, with its place', () => {
    const problems = problemsOf({ env: apps({ ...APP, serversecret: 'x' }) });
    expect(problems).toEqual([
      {
        key: 'apps[0].serversecret',
        origin: 'GAVEL_APPS',
        message: 'unknown key (did you mean "serverSecret"?)',
      },
    ]);
  });

  it('refuses a GAVEL_ variable that does not exist, and suggests the nearest', () => {
    expect(problemsOf({ env: { GAVEL_MEDIA_PROT: '1' } })).toEqual([
      { key: 'GAVEL_MEDIA_PROT', message: 'unknown variable (did you mean "GAVEL_MEDIA_PORT"?)' },
    ]);
    expect(problemsOf({ env: { GAVEL_MEDIA_ANNOUNCED_ADDRESS: '::1' } })[0]?.message).toMatch(
      /"GAVEL_ANNOUNCED_ADDRESS"/,
    );
  });

  it('reads the value of a key from a file that a variable names, without the line break at its end', () => {
    const files = { '/run/secrets/key': `${SECRET}\n`, '/run/secrets/apps': JSON.stringify([APP]) };
    const env = { GAVEL_ADMIN_KEY_FILE: '/run/secrets/key', GAVEL_APPS_FILE: '/run/secrets/apps' };
    expect(load({ env, files })).toMatchObject({ adminKey: SECRET, apps: [APP] });
    // A key whose own name ends in `_FILE` is not read from a file.
    const tls = { GAVEL_TLS_CERT_FILE: 'cert.pem', GAVEL_TLS_KEY_FILE: 'key.pem' };
    expect(load({ env: tls }).tls).toEqual({ certFile: 'cert.pem', keyFile: 'key.pem' });
  });

  it('refuses a file that cannot be read, a value in it that is not valid, and a key that is set twice', () => {
    const missing = errorOf({ env: { GAVEL_ADMIN_KEY_FILE: '/run/secrets/nothing' } });
    expect(missing.message).toContain('GAVEL_ADMIN_KEY_FILE: /run/secrets/nothing cannot be read: no such file');
    const files = { key: 'short', port: '1' };
    expect(errorOf({ env: { GAVEL_ADMIN_KEY_FILE: 'key' }, files }).message).toContain(
      'adminKey (GAVEL_ADMIN_KEY_FILE): the value (not shown) is not 20 to 512 printable ASCII characters',
    );
    expect(problemsOf({ env: { GAVEL_PORT: '1', GAVEL_PORT_FILE: 'port' }, files })).toEqual([
      { key: 'port', message: 'is set by both GAVEL_PORT and GAVEL_PORT_FILE' },
    ]);
    expect(problemsOf({ env: { GAVEL_MEDIA_PROT_FILE: 'port' }, files })[0]?.message).toContain('unknown variable');
  });

  it('refuses a certificate without its key', () => {
    const env = { GAVEL_TLS_CERT_FILE: 'cert.pem' };
    expect(errorOf({ env }).message).toContain('tls.keyFile: is missing');
  });

  it('refuses an argument that does not exist or lacks its value', () => {
    expect(problemsOf({ argv: ['--prot=1', '--port'] })).toEqual([
      { key: '--prot', message: 'unknown argument (did you mean "--port"?)' },
      { key: '--port', message: 'needs a value' },
    ]);
  });

  it.each([
    ['GAVEL_PORT', 'abc', 'port (GAVEL_PORT): "abc" is not an integer from 0 to 65535'],
    ['GAVEL_PORT', '65536', 'port (GAVEL_PORT): 65536 is not an integer from 0 to 65535'],
    ['GAVEL_PORT', '1e3', 'port (GAVEL_PORT): "1e3" is not an integer from 0 to 65535'],
    ['GAVEL_MODE', 'test', 'mode (GAVEL_MODE): "test" is not one of dev, production'],
    ['GAVEL_LOG_LEVEL', 'loud', '"loud" is not one of trace, debug, info, warn, error, silent'],
    ['GAVEL_APPS', '{', 'apps (GAVEL_APPS): the value (not shown) is not a list'],
    ['GAVEL_PUBLIC_URL', 'example.org', '"example.org" is not an http:// or https:// address'],
    ['GAVEL_ANNOUNCED_ADDRESS', '1.2.3.4.5', '"1.2.3.4.5" is not an IP address'],
    ['GAVEL_ANNOUNCED_ADDRESS', 'media.example.org', '"media.example.org" is not an IP address'],
  ])('refuses %s=%s with the rule it breaks', (name, value, message) => {
    expect(errorOf({ env: { [name]: value } }).message).toContain(message);
  });

  it('lists all problems at once', () => {
    const env = { GAVEL_PORT: 'x', GAVEL_ROOMS_HEARTBEAT_TIMEOUT_MS: '1', GAVEL_NOPE: '1' };
    expect(problemsOf({ env, argv: ['--what'] }).map((problem) => problem.key)).toEqual([
      'GAVEL_NOPE',
      '--what',
      'port',
      'rooms.heartbeatTimeoutMs',
    ]);
  });

  it('takes addresses and ranges as trusted proxies, and nothing else', () => {
    const withProxies = (...proxies: string[]) => ({ env: { GAVEL_TRUSTED_PROXIES: JSON.stringify(proxies) } });
    expect(load(withProxies('10.0.0.0/8', '::1')).trustedProxies).toEqual(['10.0.0.0/8', '::1']);
    expect(problemsOf(withProxies('10.0.0.0/8', '10.0.0.0/33', 'aa:bb')).map(({ key }) => key)).toEqual([
      'trustedProxies[1]',
      'trustedProxies[2]',
    ]);
  });

  it('names every key that an App lacks', () => {
    expect(problemsOf({ env: apps({ name: 'x' }) }).map((problem) => problem.key)).toEqual([
      'apps[0].appId',
      'apps[0].serverSecret',
      'apps[0].callbackSecret',
      'apps[0].accountId',
      'apps[0].rtkAppId',
    ]);
  });

  it('names the key of a wrong value inside a map inside a list', () => {
    const rateLimits = { KickoutUser: { production: '5' } };
    expect(problemsOf({ env: apps({ ...APP, rateLimits }) })[0]?.key).toBe('apps[0].rateLimits.KickoutUser.production');
  });

  it('never shows a secret, a list of them included', () => {
    const leak = 'hunter2';
    const { message } = errorOf({
      env: {
        GAVEL_APPS: JSON.stringify([{ ...APP, serverSecret: leak, callbackSecret: [leak] }, leak]),
        GAVEL_API_TOKENS: `[{"token":"${leak}`,
        GAVEL_MEDIA_ICE_SERVERS: `["${leak}"]`,
      },
    });
    expect(message).toContain('apps[0].serverSecret');
    expect(message).toContain('media.iceServers[0]');
    expect(message).not.toContain(leak);
  });

  it.each([
    [{ GAVEL_ROOMS_HEARTBEAT_TIMEOUT_MS: '30000' }, 'rooms.heartbeatTimeoutMs'],
    [{ GAVEL_MEDIA_PORT: '65535', GAVEL_MEDIA_WORKERS: '2' }, 'media.port'],
    [{ GAVEL_MEDIA_TCP_PORT: '65535', GAVEL_MEDIA_WORKERS: '2' }, 'media.tcpPort'],
    [{ GAVEL_MEDIA_TCP_PORT: '7801', GAVEL_MEDIA_TRANSPORT: 'libdatachannel' }, 'media.tcpPort'],
    [{ GAVEL_MEDIA_TCP_PORT: '7801', GAVEL_MEDIA_ICE_SERVERS: '["stun:stun.example.org:3478"]' }, 'media.tcpPort'],
    [{ GAVEL_MEDIA_PORT_RANGE_MIN: '5000', GAVEL_MEDIA_PORT_RANGE_MAX: '4000' }, 'media.portRange.max'],
    [{ GAVEL_MEDIA_PORT_RANGE_MIN: '5000' }, 'media.portRange.max'],
    [
      { GAVEL_MEDIA_PORT_RANGE_MIN: '5000', GAVEL_MEDIA_PORT_RANGE_MAX: '5001', GAVEL_MEDIA_WORKERS: '3' },
      'media.portRange',
    ],
    [apps(APP, { ...APP, name: 'two', rtkAppId: APP.rtkAppId.replace('3', '4') }), 'apps[1].appId'],
    [apps(APP, { ...APP, appId: 2, rtkAppId: APP.rtkAppId.replace('3', '4') }), 'apps[1].name'],
    [{ GAVEL_API_TOKENS: JSON.stringify([TOKEN, { ...TOKEN, name: 'other' }]) }, 'apiTokens[1].token'],
    [apps({ ...APP, callbacks: { userUrl: 'http://[::1]:80/hook' } }), 'apps[0].callbacks.userUrl'],
    [apps({ ...APP, callbacks: { roomUrl: 'http://2130706433/hook' } }), 'apps[0].callbacks.roomUrl'],
  ])('refuses keys that contradict each other: %j', (env, key) => {
    expect(problemsOf({ env }).map((problem) => problem.key)).toEqual([key]);
  });
});

describe('callback addresses', () => {
  const problemKeys = (callbacks: object, more: Record<string, string> = {}) =>
    problemsOf({ env: { ...apps({ ...APP, callbacks }), ...more } }).map(({ key }) => key);

  it.each(['ftp://host/', 'host/hook', 'https://', 'https://user:pw@host/', 'https://a b/', 'http://[::1', 'https:/x'])(
    'refuses %s',
    (url) => expect(problemKeys({ streamUrl: url })).toEqual(['apps[0].callbacks.streamUrl']),
  );

  it('refuses a group that does not exist', () => {
    expect(problemKeys({ roomUri: 'https://host/' })).toEqual(['apps[0].callbacks.roomUri']);
  });

  it('takes public addresses, and private ones where they are allowed', () => {
    const callbacks = { roomUrl: 'https://backend.example/hook?key=1', userUrl: 'http://8.8.8.8:8080' };
    expect(load({ env: apps({ ...APP, callbacks }) }).apps[0]?.callbacks).toEqual(callbacks);
    const inside = { roomUrl: 'http://10.0.0.7/hook' };
    const env = { ...apps({ ...APP, callbacks: inside }), GAVEL_CALLBACKS_ALLOW_PRIVATE_TARGETS: 'true' };
    expect(load({ env }).apps[0]?.callbacks).toEqual(inside);
  });
});

describe('dev credentials', () => {
  const dev = {
    dev: true,
    baseUrl: 'http://127.0.0.1:7700',
    appId: APP.appId,
    serverSecret: SECRET,
    callbackSecret: 'dev-callback',
    accountId: 'dev',
    rtkAppId: 'a3f2b1c9-7a54-4c1d-9e61-0c6f2a8d5b70',
    apiToken: TOKEN.token,
  };
  const files = { 'data/dev-credentials.json': JSON.stringify(dev) };
  const env = { ...apps(APP), GAVEL_API_TOKENS: JSON.stringify([TOKEN]), GAVEL_DATA_DIR: './data' };

  it('are refused in production, key by key and unseen', () => {
    const error = errorOf({ files, env: { ...env, GAVEL_ADMIN_KEY: TOKEN.token } });
    expect(error.problems.map((problem) => problem.key)).toEqual([
      'apps[0].appId',
      'apps[0].serverSecret',
      'apiTokens[0].token',
      'adminKey',
    ]);
    expect(error.message).not.toContain(SECRET);
  });

  it('are no obstacle in dev mode, nor in production when nothing of them is used', () => {
    expect(load({ files, env, argv: ['--dev'] }).apps).toHaveLength(1);
    expect(load({ files, env: { GAVEL_DATA_DIR: './data' } }).mode).toBe('production');
  });
});

describe('STUN and TURN servers', () => {
  const turn = (urls: string[], secret?: string) => ({
    env: { GAVEL_TURN_URLS: JSON.stringify(urls), ...(secret && { GAVEL_TURN_SECRET: secret }) },
  });

  it('are addresses of the schemes stun, turn and turns', () => {
    const urls = [
      'stun:stun.example.org',
      'turn:[2001:db8::1]:3478?transport=udp',
      'turns:turn.example.org:5349?transport=tcp',
    ];
    expect(load(turn(urls, SECRET)).turn).toEqual({ urls, secret: SECRET, ttlSeconds: 600 });
  });

  it.each([
    'turn.example.org',
    'https://turn.example.org',
    'turn://turn.example.org',
    'turn:user@turn.example.org',
    'turn:turn.example.org?transport=sctp',
    'stun:stun.example.org?transport=udp',
  ])('are refused otherwise: %s', (url) => {
    expect(problemsOf(turn([url], SECRET))[0]?.message).toContain('is not a stun:, turn: or turns: address');
  });

  it('have a possible port', () => {
    const problem = { key: 'turn.urls[0]', origin: 'GAVEL_TURN_URLS', message: '70000 is not a port from 1 to 65535' };
    expect(problemsOf(turn(['turn:turn.example.org:70000'], SECRET))).toEqual([problem]);
  });

  it('need a secret if there is a TURN server, for the server and for an App', () => {
    const message = 'is missing: TURN servers need it';
    expect(problemsOf(turn(['turn:turn.example.org']))).toMatchObject([{ key: 'turn.secret', message }]);
    expect(load(turn(['stun:stun.example.org'])).turn.urls).toHaveLength(1);
    const app = { ...APP, turn: { urls: ['turns:turn.example.org'] } };
    expect(problemsOf({ env: apps(app) })).toMatchObject([{ key: 'apps[0].turn.secret', message }]);
  });

  it('never show their secret in an error', () => {
    const { message } = errorOf(turn(['turn:turn.example.org'], 'too short'));
    expect(message).toContain('turn.secret (GAVEL_TURN_SECRET): the value (not shown) is not 16 to 256 printable');
    expect(errorOf({ env: apps({ ...APP, turn: 'my-turn-secret-in-the-wrong-place' }) }).message).not.toContain(
      'my-turn',
    );
  });
});
