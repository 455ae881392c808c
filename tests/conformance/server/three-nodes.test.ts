/** A server of three nodes, joined by a NATS server and a PostgreSQL database: each call goes to a node that the test names. */

import { signedPath } from '@gavel/server';
import {
  FakeClock,
  RawClient,
  startTestServer,
  TEST_API_TOKEN,
  type TestServer,
  type ZegoAnswer,
} from '@gavel/testkit';
import { NATS_SERVER } from '@gavel/testkit/nats-server';
import { POSTGRES } from '@gavel/testkit/postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

describe.skipIf(NATS_SERVER === '' || POSTGRES === '')('three nodes (needs nats-server and postgresql)', () => {
  const clock = new FakeClock();
  let server: TestServer;
  beforeEach(async () => {
    const nodes = { size: 3, joinedBy: 'services', seed: 1, maxMs: 0 } as const;
    server = await startTestServer({ nodes, clock, app: { rateLimits: { CloseRoom: { production: 2 } } } });
  });
  afterEach(() => server.close());

  const urlOf = (node: number): string => server.nodeUrls[node % 3] ?? '';
  async function callAt(node: number, action: string, params: Record<string, string>): Promise<ZegoAnswer> {
    const response = await fetch(`${urlOf(node)}${signedPath(server.app, action, params, clock.now())}`);
    return (await response.json()) as ZegoAnswer;
  }
  /** Logs a user in at a node; returns the code of the refusal, or `in`. */
  async function loginAt(node: number, roomId: string, userId: string): Promise<string> {
    const client = await RawClient.open(urlOf(node));
    const credential = { scheme: 'app-token', appId: server.app.appId, environment: 'production' };
    const { error } = await client.request('login', { credential, clientId: userId, roomId, userId });
    return error?.code ?? 'in';
  }

  test('know each other when the server has started, and list all (CLUS-1)', async () => {
    for (const node of [0, 1, 2]) {
      const headers = { authorization: `Bearer ${TEST_API_TOKEN}` };
      const response = await fetch(`${urlOf(node)}/admin/v1/nodes`, { headers });
      const { nodes } = (await response.json()) as { nodes: { node: string }[] };
      expect(nodes.map(({ node }) => node)).toEqual(['node-0', 'node-1', 'node-2']);
    }
  });

  test('a ban that is set or ended at one is in force at all when the call is answered (CLUS-1, BAN-1)', async () => {
    for (const node of [0, 1, 2]) {
      const rule = { RuleType: '3', UserId: `user-${node}` };
      expect(
        await callAt(node, 'SetForbidUserRule', { ...rule, 'DisabledPrivilege[]': '1', EffectiveTime: '60' }),
      ).toMatchObject({ Code: 0 });
      const logins = () => Promise.all([0, 1, 2].map((other) => loginAt(other, `room-${other}`, rule.UserId)));
      expect(await logins()).toEqual(['login.banned', 'login.banned', 'login.banned']);
      expect(await callAt(node + 1, 'DelForbidUserRule', rule)).toMatchObject({ Code: 0 });
      expect(await logins()).toEqual(['in', 'in', 'in']);
    }
  });

  test('the rate of an App is counted once for calls at all (CLUS-1, RATE-3)', async () => {
    const answers = await Promise.all([0, 1, 2, 0, 1, 2].map((node) => callAt(node, 'CloseRoom', { RoomId: 'none' })));
    expect(answers.filter(({ Code }) => Code === 206)).toHaveLength(4);
  });

  test('one call with one key at all at the same moment is done once, and answered thrice (CLUS-1, IDEM-1)', async () => {
    for (const room of ['a', 'b', 'c', 'd', 'e']) {
      for (const user of ['anna', 'bob']) expect(await loginAt(1, room, user)).toBe('in');
      const kickAt = async (node: number) => {
        const response = await fetch(`${urlOf(node)}/admin/v1/rooms/${server.app.appId}/production/${room}/kick`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${TEST_API_TOKEN}`,
            'content-type': 'application/json',
            'idempotency-key': room,
          },
          body: JSON.stringify({ allBut: { userIds: ['bob'] }, reason: 'spam' }),
        });
        const { people = [] } = (await response.json()) as { people?: { userId: string }[] };
        return [response.status, ...people.map(({ userId }) => userId)];
      };
      const answers = await Promise.all([0, 1, 2].map(kickAt));
      expect(answers).toEqual([200, 200, 200].map((status) => [status, 'anna']));
    }
  });
});
