/**
 * Claims of a cluster: those of an App are at the node that is responsible for it.
 *
 * @module
 */

import type { MemberId, RoomId, StreamId, UserId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Claims, RoomClaims, RoomVerdict, StreamClaims, StreamVerdict } from '../claims/claims.ts';
import type { LoginClaims, LoginHolder } from '../claims/login-claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import type { Peers } from './peers.ts';
import { defineTopic, type Topic } from './topic.ts';

/** Returns the subject of an App's claims: a limit of streams is one of both environments. */
const subjectOf = ({ appId }: AppScope): string => `claims ${appId}`;

/** A topic about the claims of an App. All of them are in one lane: a claim and its end arrive in their order. */
function defineClaims<Request extends { readonly scope: AppScope }, Answer>(name: string): Topic<Request, Answer> {
  return defineTopic(`claims.${name}`, ({ scope }) => subjectOf(scope));
}

interface OfUser {
  readonly scope: AppScope;
  readonly userId: UserId;
}
interface OfStream {
  readonly scope: AppScope;
  readonly streamId: StreamId;
  readonly roomId: RoomId;
}
interface OfRoom {
  readonly scope: AppScope;
  readonly roomId: RoomId;
}

const CLAIM_LOGIN = defineClaims<OfUser & { readonly holder: LoginHolder }, readonly LoginHolder[]>('claim-login');
const RELEASE_LOGIN = defineClaims<OfUser & { readonly memberId: MemberId }, null>('release-login');
const CLAIM_STREAM = defineClaims<OfStream & { readonly maxPerApp: number }, StreamVerdict>('claim-stream');
const RELEASE_STREAM = defineClaims<OfStream, null>('release-stream');
const CLAIM_ROOM = defineClaims<OfRoom & { readonly maxRooms: number }, RoomVerdict>('claim-room');
const RELEASE_ROOM = defineClaims<OfRoom, null>('release-room');

/** Makes claims at the responsible node, and stores those that this node is responsible for. */
export class ClusterClaims implements Claims {
  readonly logins: LoginClaims;
  readonly streams: StreamClaims;
  readonly rooms: RoomClaims;

  constructor(peers: Pick<Peers, 'serve' | 'askFor'>) {
    serveClaims(peers);
    const ask = <Request extends { readonly scope: AppScope }, Answer>(
      topic: Topic<Request, Answer>,
      request: Request,
    ): Promise<Answer> => peers.askFor(subjectOf(request.scope), topic, { ...request, scope: scopeOf(request.scope) });
    this.logins = {
      claim: (scope, userId, holder) => ask(CLAIM_LOGIN, { scope, userId, holder }),
      release: async (scope, userId, memberId) => void (await ask(RELEASE_LOGIN, { scope, userId, memberId })),
    };
    this.streams = {
      claim: (scope, streamId, roomId, maxPerApp) => ask(CLAIM_STREAM, { scope, streamId, roomId, maxPerApp }),
      release: async (scope, streamId, roomId) => void (await ask(RELEASE_STREAM, { scope, streamId, roomId })),
    };
    this.rooms = {
      claim: (scope, roomId, maxRooms) => ask(CLAIM_ROOM, { scope, roomId, maxRooms }),
      release: async (scope, roomId) => void (await ask(RELEASE_ROOM, { scope, roomId })),
    };
  }
}

/** Stores the claims of the Apps that this node is responsible for. */
function serveClaims(peers: Pick<Peers, 'serve'>): void {
  const { logins, streams, rooms } = new MemoryClaims();
  peers.serve(CLAIM_LOGIN, ({ scope, userId, holder }) => logins.claim(scope, userId, holder));
  peers.serve(RELEASE_LOGIN, ({ scope, userId, memberId }) => {
    logins.release(scope, userId, memberId);
    return null;
  });
  peers.serve(CLAIM_STREAM, ({ scope, streamId, roomId, maxPerApp }) =>
    streams.claim(scope, streamId, roomId, maxPerApp),
  );
  peers.serve(RELEASE_STREAM, ({ scope, streamId, roomId }) => {
    streams.release(scope, streamId, roomId);
    return null;
  });
  peers.serve(CLAIM_ROOM, ({ scope, roomId, maxRooms }) => rooms.claim(scope, roomId, maxRooms));
  peers.serve(RELEASE_ROOM, ({ scope, roomId }) => {
    rooms.release(scope, roomId);
    return null;
  });
}

/** A room's key is passed as the scope of its claims: only the scope is sent. */
const scopeOf = ({ appId, environment }: AppScope): AppScope => ({ appId, environment });
