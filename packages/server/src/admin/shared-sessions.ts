/**
 * The sessions of the console, at one node of the cluster: a browser's calls may arrive at any node.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import { type AdminSession, AdminSessions } from './sessions.ts';

const SUBJECT = 'admin sessions';
const BEGIN = defineTopic<{ readonly tokenHash: string }, AdminSession>('admin.begin-session');
const FIND = defineTopic<{ readonly id: string }, { readonly session?: AdminSession }>('admin.find-session');
const END = defineTopic<{ readonly id: string }, null>('admin.end-session');

/** Every method throws GavelError `server.node-unavailable` if the node that has the sessions is gone. */
export class SharedSessions {
  readonly #peers: Pick<Peers, 'askFor'>;

  constructor(clock: Clock, peers: Pick<Peers, 'serve' | 'askFor'>) {
    this.#peers = peers;
    const sessions = new AdminSessions(clock);
    peers.serve(BEGIN, ({ tokenHash }) => sessions.begin(tokenHash));
    peers.serve(FIND, ({ id }) => {
      const session = sessions.find(id);
      return session ? { session } : {};
    });
    peers.serve(END, ({ id }) => {
      sessions.end(id);
      return null;
    });
  }

  /** Begins a session for the owner of a token, which the caller has checked. */
  begin(tokenHash: string): Promise<AdminSession> {
    return this.#peers.askFor(SUBJECT, BEGIN, { tokenHash });
  }

  /** Returns a session that has not ended. */
  async find(id: string): Promise<AdminSession | undefined> {
    return (await this.#peers.askFor(SUBJECT, FIND, { id })).session;
  }

  /** Ends a session: its cookie is of no use from now on. */
  async end(id: string): Promise<void> {
    await this.#peers.askFor(SUBJECT, END, { id });
  }
}
