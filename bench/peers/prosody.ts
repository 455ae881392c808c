/**
 * Prosody's rooms of multi-user chat. Its Debian package has no HTTP API for rooms, so the backend is an owner of all
 * rooms, on an XMPP connection of its own. Only the modules that this needs are loaded, and nothing is kept.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../tests/chaos/processes.ts';
import { debianVersion, startOnServerCore } from '../harness/processes.ts';
import type { RoomServerKind, RoomServerOptions, RunningRoomServer } from './room-server.ts';
import { DOMAIN, ROOMS_DOMAIN, XmppConnection, XmppRooms } from './xmpp.ts';

const BACKEND = 'backend';
/** A join builds a presence for each occupant, even if none is sent: 15 s of CPU time for a room of 1,000. */
const TOO_SLOW = 'a room of 5,000 takes it minutes to fill, as each join goes through all who are in';

/** Prosody. */
export const prosody: RoomServerKind = {
  name: 'Prosody',
  cannot: { close: TOO_SLOW, say: TOO_SLOW, join: TOO_SLOW },
  findObstacle: () => (debianVersion('prosody') === undefined ? 'apt-get install prosody' : undefined),
  start,
};

function configOf(folder: string, port: number, quiet: boolean): string {
  const broadcasts = String(!quiet);
  return `
daemonize = false
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}/data"
storage = "memory"
log = { { levels = { min = "error" }, to = "console" } }
gc = { mode = "generational" }
network_settings = { tcp_backlog = 4096, nagle = false }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
modules_enabled = { "saslauth", "ping" }
modules_disabled = { "s2s", "s2s_auth_certs", "offline", "tls" }
VirtualHost "${DOMAIN}"
Component "${ROOMS_DOMAIN}" "muc"
  admins = { "${BACKEND}@${DOMAIN}" }
  muc_room_locking = false
  muc_room_cache_size = 100000
  muc_room_default_history_length = 0
  muc_room_default_presence_broadcast = { visitor = ${broadcasts}, participant = ${broadcasts}, moderator = ${broadcasts} }
`;
}

async function start({ quiet }: RoomServerOptions): Promise<RunningRoomServer> {
  const folder = mkdtempSync(join(tmpdir(), 'prosody-bench-'));
  mkdirSync(join(folder, 'data'));
  const port = await findFreePort();
  const config = join(folder, 'prosody.cfg.lua');
  writeFileSync(config, configOf(folder, port, quiet));
  const connect = () => XmppConnection.open(port, BACKEND, '', (stanza) => stanza.includes("id='bind'"));
  let backend: XmppConnection | undefined;
  const server = await startOnServerCore({
    command: 'prosody',
    args: ['--config', config, '-F'],
    isReady: async () => {
      backend = await connect();
      return true;
    },
  });
  const rooms = new XmppRooms(port);
  let own = new Owner(backend ?? (await connect()));
  return {
    version: debianVersion('prosody') ?? '',
    pids: server.pids,
    join: (userId, roomId, events) => rooms.join(userId, roomId, events),
    kick: (userId, roomId) => own.ask(roomId, 'admin', `<item affiliation='outcast' jid='${userId}@${DOMAIN}'/>`),
    close: (roomId) => own.ask(roomId, 'owner', '<destroy/>'),
    say: (roomId, text) => rooms.say(roomId, text),
    async restart() {
      await server.restart();
      own = new Owner(backend ?? (await connect()));
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The backend's requests, many at once on one connection. */
class Owner {
  readonly #connection: XmppConnection;
  readonly #asked = new Map<string, (answer: string) => void>();
  #lastId = 0;

  constructor(connection: XmppConnection) {
    this.#connection = connection;
    connection.onStanza = (stanza) => {
      const answer = stanza.toString();
      this.#asked.get(/ id='(\d+)'/.exec(answer)?.[1] ?? '')?.(answer);
    };
  }

  /** Sends an owner's request to a room. Rejects if it is refused. */
  ask(roomId: string, namespace: 'admin' | 'owner', what: string): Promise<void> {
    this.#lastId += 1;
    const id = String(this.#lastId);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, (answer) => {
        this.#asked.delete(id);
        if (answer.includes("type='result'")) resolve();
        else reject(new Error(answer));
      });
      this.#connection.send(
        `<iq type='set' id='${id}' to='${roomId}@${ROOMS_DOMAIN}'>` +
          `<query xmlns='http://jabber.org/protocol/muc#${namespace}'>${what}</query></iq>`,
      );
    });
  }
}
