/**
 * Tools for tests of the admin API: a server, and calls with any token.
 */

import type { AdminRole, CreatedAdminToken } from '@gavel/protocol/admin';
import { startTestServer, TEST_API_TOKEN, type TestServer, type TestServerOptions } from '@gavel/testkit';

/** An answer of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  readonly body: any;
  readonly headers: Headers;
}

/** A server, with helpers to call its admin API. */
export interface AdminStage extends TestServer {
  /** Makes a call; by default with the key of the configuration. */
  admin(method: string, path: string, options?: CallOptions): Promise<AdminAnswer>;
  /** Creates a token of a role and returns it. */
  tokenOf(role: AdminRole, appIds?: readonly number[]): Promise<string>;
}

/** A call's body, token and headers. */
export interface CallOptions {
  readonly body?: object;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a server. Close it at the end of the test. */
export async function startAdminStage(options: TestServerOptions = {}): Promise<AdminStage> {
  const gavel = await startTestServer(options);
  let created = 0;
  const admin: AdminStage['admin'] = async (method, path, { body, token = TEST_API_TOKEN, headers } = {}) => {
    const response = await fetch(`${gavel.baseUrl}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const answer = isJson ? await response.json() : await response.text();
    return { status: response.status, body: answer, headers: response.headers };
  };
  return {
    ...gavel,
    admin,
    async tokenOf(role, appIds) {
      created += 1;
      const body = { name: `${role} ${created}`, role, ...(appIds && { appIds }) };
      const answer = await admin('POST', '/admin-tokens', { body });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return (answer.body as CreatedAdminToken).token;
    },
  };
}
