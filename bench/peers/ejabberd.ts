/**
 * ejabberd's rooms of multi-user chat, driven by its HTTP API; users speak XMPP over TCP. Only the modules that this
 * needs are loaded, nothing is kept, and the virtual machine has one scheduler, which does not spin.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findFreePort } from '../../tests/chaos/processes.ts';
import { debianVersion, startOnServerCore } from '../harness/processes.ts';
import { requestText, ThinHttp } from '../harness/thin-http.ts';
import type { RoomServerKind, RoomServerOptions, RunningRoomServer } from './room-server.ts';
import { DOMAIN, ROOMS_DOMAIN, XmppRooms } from './xmpp.ts';

const NO_LIMIT = 100_000;
const ERLANG = ['+K', 'true', '+P', '250000', '+S', '1:1', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'];

/** ejabberd. */
export const ejabberd: RoomServerKind = {
  name: 'ejabberd',
  findObstacle: () => (debianVersion('ejabberd') === undefined ? 'apt-get install ejabberd' : undefined),
  start,
};

function configOf(usersPort: number, apiPort: number, quiet: boolean) {
  const ip = '127.0.0.1';
  return {
    hosts: [DOMAIN],
    loglevel: 'error',
    listen: [
      { ip, port: usersPort, module: 'ejabberd_c2s', shaper: 'none', max_stanza_size: 'infinity', backlog: 4096 },
      { ip, port: apiPort, module: 'ejabberd_http', request_handlers: { '/api': 'mod_http_api' } },
    ],
    auth_method: 'anonymous',
    anonymous_protocol: 'both',
    api_permissions: { backend: { from: 'mod_http_api', who: { ip: `${ip}/32` }, what: '*' } },
    modules: {
      mod_muc: {
        host: ROOMS_DOMAIN,
        max_users: NO_LIMIT,
        // A room of more sends no presences but the joiner’s own, and does not go through all of its users for it.
        max_users_presence: quiet ? 0 : NO_LIMIT,
        history_size: 0,
        room_shaper: 'none',
        user_message_shaper: 'none',
        default_room_options: {
          persistent: false,
          max_users: NO_LIMIT,
          presence_broadcast: quiet ? [] : ['moderator', 'participant', 'visitor'],
        },
      },
      mod_muc_admin: {},
      mod_ping: {},
      mod_http_api: {},
    },
  };
}

async function start({ quiet, connections = 1 }: RoomServerOptions): Promise<RunningRoomServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ejabberd-bench-'));
  const [usersPort, apiPort] = [await findFreePort(), await findFreePort()];
  const config = join(folder, 'ejabberd.yml');
  writeFileSync(config, stringify(configOf(usersPort, apiPort, quiet)));
  const http = new ThinHttp(apiPort, connections);
  const post = (command: string, params: object) => {
    const headers = { 'Content-Type': 'application/json' };
    return http.call(requestText('POST', `/api/${command}`, headers, JSON.stringify(params)));
  };
  const server = await startOnServerCore({
    command: 'erl',
    args: ['-noinput', ...ERLANG, '-mnesia', 'dir', `"${join(folder, 'database')}"`, '-s', 'ejabberd'],
    env: {
      ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_INETRC: '/etc/ejabberd/inetrc',
      ERL_MAX_PORTS: String(NO_LIMIT),
      ERL_CRASH_DUMP: join(folder, 'crash.dump'),
    },
    cwd: folder,
    isReady: async () => (await post('status', {})).status === 200,
  });
  const rooms = new XmppRooms(usersPort);
  const command = async (name: string, params: object): Promise<void> => {
    const { body } = await post(name, params);
    if (body !== '0') throw new Error(`${name} was answered ${body}`);
  };
  return {
    version: debianVersion('ejabberd') ?? '',
    pids: server.pids,
    join: (userId, roomId, events) => rooms.join(userId, roomId, events),
    kick: (userId, roomId) =>
      command('set_room_affiliation', {
        name: roomId,
        service: ROOMS_DOMAIN,
        jid: `${userId}@${DOMAIN}`,
        affiliation: 'outcast',
      }),
    close: (roomId) => command('destroy_room', { name: roomId, service: ROOMS_DOMAIN }),
    say: (roomId, text) => rooms.say(roomId, text),
    restart: server.restart,
    async stop() {
      http.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
