/**
 * Claims of a cluster: those of an App are at the node that is responsible for it. When the nodes change, the next one asks all
 * owners what their rooms have, before it answers anything: limits stay exact (CLUS-8).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { type AppId, GavelError, isGavelError } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type {
  ClaimedPlays,
  Claims,
  PlayClaims,
  RoomClaims,
  RoomVerdict,
  StreamClaims,
  StreamVerdict,
} from '../claims/claims.ts';
import {
  type EndedLogin,
  type HeldClaims,
  type HeldLogin,
  type HeldRoom,
  type HeldStream,
  makeHeld,
} from '../claims/held-claims.ts';
import type { LoginClaims, LoginHolder } from '../claims/login-claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import { askNext } from './ask-next.ts';
import type { NodeId } from './node-link.ts';
import type { Peers } from './peers.ts';
import { defineTopic, type Topic } from './topic.ts';

/** Returns the subject of an App's claims: a limit of streams is one of both environments. */
const subjectOf = ({ appId }: Pick<AppScope, 'appId'>): string => `claims ${appId}`;

/** A topic about the claims of an App. All of them are in one lane: a claim and its end arrive in their order. */
function defineClaims<Request extends { readonly scope: AppScope }, Answer>(name: string): Topic<Request, Answer> {
  return defineTopic(`claims.${name}`, ({ scope }) => subjectOf(scope));
}

const CLAIM_LOGIN = defineClaims<HeldLogin, readonly LoginHolder[]>('claim-login');
const RELEASE_LOGIN = defineClaims<EndedLogin, null>('release-login');
const CLAIM_STREAM = defineClaims<HeldStream & { readonly maxPerApp: number }, StreamVerdict>('claim-stream');
const RELEASE_STREAM = defineClaims<HeldStream, null>('release-stream');
const CLAIM_ROOM = defineClaims<HeldRoom & { readonly maxRooms: number }, RoomVerdict>('claim-room');
const CLAIM_PLAYS = defineClaims<PlaysOf & ClaimedPlays & { readonly maxPerApp: number }, readonly boolean[]>(
  'claim-plays',
);
const RELEASE_PLAYS = defineClaims<PlaysOf & { readonly playIds: readonly string[] }, null>('release-plays');
const RELEASE_ROOM = defineClaims<HeldRoom, null>('release-room');
/** Plays of one process: those of an earlier process of the node have ended with it. */
interface PlaysOf {
  readonly scope: AppScope;
  readonly process: string;
}

interface HeldOfNode {
  readonly process: string;
  readonly held: HeldClaims;
}

/** Asks an owner what its rooms have. It is in the lane of the claims: what was claimed before is in the answer. */
const HELD = defineTopic<{ readonly appId: AppId }, HeldOfNode>('claims.held', subjectOf);

/** Interval at which the end of a login's claim is sent again that has not arrived. */
const RELEASE_AGAIN_MS = 1000;

/** What the rooms of an App have claimed, as far as this node knows. */
export interface HeldByRooms {
  /** Returns the claims of this node's rooms, and of rooms whose owner is gone. */
  own(appId: AppId): HeldClaims;
  /** Returns the claims of the rooms of other nodes, from the replicas of them. */
  of(appId: AppId, owner: NodeId): HeldClaims;
}

/** Dependencies of `ClusterClaims`. */
export interface ClusterClaimsDeps {
  readonly peers: Pick<Peers, 'self' | 'nodes' | 'nodeFor' | 'serve' | 'ask' | 'askFor' | 'onNodesChanged'>;
  /** The lease of this node: without one, another node may be responsible. Absent if it has no end. */
  readonly lease?: { readonly remainingMs: number } | undefined;
  /** Times what is sent again; by default the system's. */
  readonly clock?: Pick<Clock, 'after' | 'monotonicMs'>;
}

/** Makes claims at the responsible node, and stores those that this node is responsible for. */
export class ClusterClaims implements Claims {
  readonly logins: LoginClaims;
  readonly streams: StreamClaims;
  readonly rooms: RoomClaims;
  readonly plays: PlayClaims;
  readonly #deps: ClusterClaimsDeps;
  /** The claims that this node is responsible for, when it knows what all owners have. */
  readonly #stored = new Map<AppId, Promise<MemoryClaims>>();
  #held: HeldByRooms | undefined;
  readonly #process = randomUUID();

  constructor(deps: ClusterClaimsDeps) {
    this.#deps = deps;
    const { peers, clock = systemClock } = deps;
    this.#serve();
    peers.onNodesChanged(() => this.#followNodes());
    const claim = <Request extends { readonly scope: AppScope }, Answer>(
      topic: Topic<Request, Answer>,
      claimed: Request,
    ): Promise<Answer> => {
      const request = { ...claimed, scope: scopeOf(claimed.scope) };
      // A claim that was made already is granted again.
      return askNext({ peers, clock }, subjectOf(request.scope), topic, { request, retry: request });
    };
    const release = async <Request extends { readonly scope: AppScope }>(
      topic: Topic<Request, null>,
      ended: Request,
    ): Promise<void> => {
      await peers.askFor(subjectOf(ended.scope), topic, { ...ended, scope: scopeOf(ended.scope) });
    };
    this.logins = {
      claim: (scope, userId, holder) => claim(CLAIM_LOGIN, { scope, userId, holder }),
      async release(scope, userId, memberId) {
        while (!(await release(RELEASE_LOGIN, { scope, userId, memberId }).then(() => true, ignoreUnavailable))) {
          await new Promise<void>((resolve) => clock.after(RELEASE_AGAIN_MS, resolve));
        }
      },
    };
    this.streams = {
      claim: (scope, streamId, roomId, maxPerApp) => claim(CLAIM_STREAM, { scope, streamId, roomId, maxPerApp }),
      release: (scope, streamId, roomId) => release(RELEASE_STREAM, { scope, streamId, roomId }),
    };
    const process = this.#process;
    this.plays = {
      claim: (scope, plays, maxPerApp) => claim(CLAIM_PLAYS, { scope, process, ...plays, maxPerApp }),
      release: (scope, playIds) => release(RELEASE_PLAYS, { scope, process, playIds }),
    };
    this.rooms = {
      claim: (scope, roomId, maxRooms) => claim(CLAIM_ROOM, { scope, roomId, maxRooms }),
      release: (scope, roomId) => release(RELEASE_ROOM, { scope, roomId }),
    };
  }

  /** Says what rooms have claimed; before it is called, this node has no rooms. */
  follow(held: HeldByRooms): void {
    this.#held = held;
  }

  /** Forgets what this node has stored: its lease had a gap, and another node may have been responsible. */
  forget(): void {
    this.#stored.clear();
  }

  /** Stores the claims of the Apps that this node is responsible for. */
  #serve(): void {
    const { peers } = this.#deps;
    const serve = <Request extends { readonly scope: AppScope }, Answer>(
      topic: Topic<Request, Answer>,
      apply: (claims: MemoryClaims, request: Request, from: NodeId) => Answer,
    ): void => peers.serve(topic, async (request, from) => apply(await this.#storedOf(request.scope), request, from));
    serve(CLAIM_LOGIN, ({ logins }, { scope, userId, holder }) => logins.claim(scope, userId, holder));
    serve(RELEASE_LOGIN, ({ logins }, { scope, userId, memberId }) => {
      logins.release(scope, userId, memberId);
      return null;
    });
    serve(CLAIM_STREAM, ({ streams }, { scope, streamId, roomId, maxPerApp }) =>
      streams.claim(scope, streamId, roomId, maxPerApp),
    );
    serve(RELEASE_STREAM, ({ streams }, { scope, streamId, roomId }) => {
      streams.release(scope, streamId, roomId);
      return null;
    });
    serve(CLAIM_ROOM, ({ rooms }, { scope, roomId, maxRooms }) => rooms.claim(scope, roomId, maxRooms));
    serve(RELEASE_ROOM, ({ rooms }, { scope, roomId }) => {
      rooms.release(scope, roomId);
      return null;
    });
    serve(CLAIM_PLAYS, ({ plays }, { scope, process, maxPerApp, ...claimed }, from) => {
      const owner = ownerOf(from, process);
      // An earlier process of the node is gone.
      plays.keepOwners((each) => nodeOf(each) !== from || each === owner);
      return plays.claim(scope, claimed, maxPerApp, owner);
    });
    serve(RELEASE_PLAYS, ({ plays }, { scope, process, playIds }, from) => {
      plays.release(scope, playIds, ownerOf(from, process));
      return null;
    });
    peers.serve(HELD, ({ appId }) => ({ process: this.#process, held: this.#held?.own(appId) ?? NOTHING_HELD }));
  }

  /** @throws GavelError `server.node-unavailable` if this node is not responsible for the App, as far as it knows */
  #storedOf(scope: Pick<AppScope, 'appId'>): Promise<MemoryClaims> {
    const { peers, lease } = this.#deps;
    const isValid = lease === undefined || lease.remainingMs > 0;
    if (peers.nodeFor(subjectOf(scope)) !== peers.self || !isValid) {
      throw new GavelError('server.node-unavailable', 'The claims of the App are at another node.');
    }
    const { appId } = scope;
    const known = this.#stored.get(appId);
    if (known) return known;
    const opening = this.#open(appId);
    this.#stored.set(appId, opening);
    opening.catch(() => {
      if (this.#stored.get(appId) === opening) this.#stored.delete(appId);
    });
    return opening;
  }

  /** Asks all owners what their rooms have; for one that cannot be reached, the replicas of its rooms answer. */
  async #open(appId: AppId): Promise<MemoryClaims> {
    const { peers } = this.#deps;
    const claims = new MemoryClaims();
    const answers = peers.nodes().map(async (node) => {
      const { process, held } = await peers.ask(node, HELD, { appId }).catch((error: unknown) => {
        ignoreUnavailable(error);
        return { process: '', held: this.#held?.of(appId, node) ?? NOTHING_HELD };
      });
      makeHeld(claims, held);
      for (const { scope, playId } of held.plays ?? []) {
        claims.plays.claim(scope, { playIds: [playId], ending: [] }, 0, ownerOf(node, process));
      }
    });
    await Promise.all(answers);
    return claims;
  }

  #followNodes(): void {
    const { peers } = this.#deps;
    for (const appId of this.#stored.keys()) {
      if (peers.nodeFor(subjectOf({ appId })) !== peers.self) this.#stored.delete(appId);
    }
    const live = new Set(peers.nodes());
    for (const stored of this.#stored.values()) {
      stored.then(
        ({ plays }) => plays.keepOwners((owner) => live.has(nodeOf(owner))),
        // Who asked for them gets the error.
        () => undefined,
      );
    }
  }
}

const ownerOf = (node: NodeId, process: string): string => `${node} ${process}`;
const nodeOf = (owner: string): NodeId => owner.slice(0, owner.indexOf(' '));

const NOTHING_HELD: HeldClaims = { logins: [], streams: [], rooms: [] };

/** Returns false for a node that cannot be reached. @throws any other error */
function ignoreUnavailable(error: unknown): false {
  if (!isGavelError(error, 'server.node-unavailable')) throw error;
  return false;
}

/** A room's key is passed as the scope of its claims: only the scope is sent. */
const scopeOf = ({ appId, environment }: AppScope): AppScope => ({ appId, environment });
