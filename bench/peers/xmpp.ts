/**
 * Users of XMPP servers, in rooms of multi-user chat (XEP-0045): as thin as a client can be. It sends what it may send
 * ahead (the login with the stream, the join with the binding) and looks for a few words in what comes.
 *
 * @module
 */

import type { Socket } from 'node:net';
import { connectThin } from '../harness/thin-socket.ts';
import type { RoomUser, UserEvents } from './room-server.ts';

/** The host of the users; everybody may log in under any name. */
export const DOMAIN = 'localhost';
/** The host of the rooms. */
export const ROOMS_DOMAIN = 'muc.localhost';

const NOTHING = Buffer.alloc(0);
const OPEN_STREAM =
  `<?xml version='1.0'?><stream:stream to='${DOMAIN}' version='1.0' xmlns='jabber:client' ` +
  `xmlns:stream='http://etherx.jabber.org/streams'>`;
const BIND =
  "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>";
const PING = `<iq type='get' id='ping' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`;
const [SLASH, SPACE, QUESTION, LETTER_S] = ['/', ' ', '?', 's'].map((sign) => sign.charCodeAt(0));

/** A connection that has logged in. */
export class XmppConnection {
  /** Called with each stanza; the bytes are only good during the call. */
  onStanza: (stanza: Buffer) => void = () => {};
  /** Called once, when the connection is gone. */
  onClose: () => void = () => {};
  readonly #socket: Socket;
  #pending: Buffer = NOTHING;

  private constructor(port: number) {
    this.#socket = connectThin(port, (chunk) => this.#receive(chunk));
    this.#socket.on('close', () => this.onClose());
  }

  /**
   * Logs in and sends more, right behind.
   *
   * @param more the first stanzas of this user
   * @param isDone whether this stanza is the one that answers them
   */
  static open(
    port: number,
    userId: string,
    more: string,
    isDone: (stanza: Buffer) => boolean,
  ): Promise<XmppConnection> {
    return new Promise((resolve, reject) => {
      const connection = new XmppConnection(port);
      connection.onClose = () => reject(new Error('connection closed during the login'));
      connection.onStanza = (stanza) => {
        if (startsWith(stanza, '<success')) connection.send(`${OPEN_STREAM}${BIND}${more}`);
        else if (startsWith(stanza, '<failure') || stanza.includes("type='error'"))
          reject(new Error(stanza.toString()));
        else if (isDone(stanza)) {
          connection.onClose = () => {};
          resolve(connection);
        }
      };
      const secret = Buffer.from(`\0${userId}\0any`).toString('base64');
      connection.send(
        `${OPEN_STREAM}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`,
      );
    });
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Ends the connection without a logout. */
  drop(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    for (let size = sizeOfStanza(data); size > 0; size = sizeOfStanza(data)) {
      this.onStanza(data.subarray(0, size));
      data = data.subarray(size);
    }
    this.#pending = data.length > 0 ? Buffer.from(data) : NOTHING;
  }
}

/** Returns the end of the first stanza, 0 if it is incomplete. Servers escape `>` in text and attributes. */
function sizeOfStanza(data: Buffer): number {
  const tagEnd = data.indexOf('>');
  if (tagEnd < 0) return 0;
  const isHeader = data[1] === QUESTION || (data[1] === LETTER_S && startsWith(data, '<stream:stream'));
  if (isHeader || data[1] === SLASH || data[tagEnd - 1] === SLASH) return tagEnd + 1;
  const space = data.indexOf(SPACE ?? 0);
  const name = data.toString('latin1', 1, space > 0 && space < tagEnd ? space : tagEnd);
  const end = data.indexOf(`</${name}>`, tagEnd);
  return end < 0 ? 0 : end + name.length + 3;
}

const startsWith = (stanza: Buffer, text: string): boolean => stanza.toString('latin1', 0, text.length) === text;

/** The members of all rooms of one server, so that one of them can speak. */
export class XmppRooms {
  readonly #port: number;
  readonly #members = new Map<string, Set<XmppConnection>>();

  constructor(port: number) {
    this.#port = port;
  }

  /** Logs a user in and joins a room; resolves at its own presence there. */
  async join(userId: string, roomId: string, events: UserEvents): Promise<RoomUser> {
    const presence =
      `<presence to='${roomId}@${ROOMS_DOMAIN}/${userId}'><x xmlns='http://jabber.org/protocol/muc'>` +
      `<history maxstanzas='0'/></x></presence>`;
    const isOwnPresence = (stanza: Buffer): boolean => startsWith(stanza, '<presence') && stanza.includes("'110'");
    const connection = await XmppConnection.open(this.#port, userId, presence, isOwnPresence);
    const members = this.#members.get(roomId) ?? new Set();
    this.#members.set(roomId, members.add(connection));
    const leave = (): void => {
      members.delete(connection);
      if (members.size === 0 && this.#members.get(roomId) === members) this.#members.delete(roomId);
    };
    connection.onStanza = (stanza) => {
      const event = eventOf(stanza);
      if (event === 'onOut') leave();
      if (event) events[event]?.();
    };
    return {
      beat: () => connection.send(PING),
      drop() {
        leave();
        connection.drop();
      },
    };
  }

  /** Has a member of a room say something there. */
  async say(roomId: string, text: string): Promise<void> {
    const [speaker] = this.#members.get(roomId) ?? [];
    speaker?.send(`<message to='${roomId}@${ROOMS_DOMAIN}' type='groupchat'><body>${text}</body></message>`);
  }
}

/** Reads a status code: 301 is a ban, 307 a kick, 110 the user itself. */
function eventOf(stanza: Buffer): keyof UserEvents | undefined {
  if (startsWith(stanza, '<message')) return stanza.includes('<body>') ? 'onMessage' : undefined;
  if (!startsWith(stanza, '<presence') || !stanza.includes("type='unavailable'")) return undefined;
  // A room may announce its end twice; the first one counts.
  if (stanza.includes('<destroy')) return 'onOut';
  if (!stanza.includes("'301'") && !stanza.includes("'307'")) return undefined;
  return stanza.includes("'110'") ? 'onOut' : 'onOtherOut';
}
