/**
 * The schema of a cluster, and the rules that the schema cannot express.
 *
 * @module
 */

import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

const name = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', rule: '1 to 64 letters, digits, - and _', description });

const file = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 4096, defaultText: 'none', description }));

const secret = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,512}$',
      rule: '1 to 512 printable ASCII characters',
      secret: true,
      defaultText: 'none',
      description,
    }),
  );

const nats = Type.Object(
  {
    url: Type.String({
      pattern: '^(nats|tls)://[^\\s@,]+(,(nats|tls)://[^\\s@,]+)*$',
      maxLength: 2048,
      rule: 'an address such as nats://nats.internal:4222, without a password; several are separated by commas',
      description:
        'Addresses of the NATS servers (2.9 or later), separated by commas. With TLS, name the host as its certificate does.',
    }),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 255, defaultText: 'none', description: 'User name.' })),
    password: secret('Password of the user.'),
    token: secret('Token, instead of a user.'),
    nkeySeed: secret('Seed of an nkey (`SU...`), instead of a user.'),
    credentialsFile: file('Path of a credentials file (a JWT with its nkey), instead of a user.'),
    tls: Type.Optional(
      Type.Object(
        {
          caFile: file('Path of the certificates that are trusted, instead of those of the system (PEM).'),
          certFile: file('Path of the certificate of this node, if the NATS server demands one (PEM).'),
          keyFile: file('Path of its key (PEM).'),
        },
        { ...closed, description: 'TLS to NATS; it is used whenever the server demands it.' },
      ),
    ),
  },
  {
    ...closed,
    description: 'The NATS servers that carry the messages of the nodes. Core NATS is enough; JetStream is not used.',
  },
);

/** This process as a node of a cluster. */
export const CLUSTER_SCHEMA = Type.Object(
  {
    node: name('Id of this node, different at each one.'),
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,64}$',
        rule: '1 to 64 letters, digits, - and _',
        defaultText: '`gavel`',
        description: 'Name of the cluster. Clusters that share NATS servers need different ones.',
      }),
    ),
    drainTimeoutMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 600_000,
        unit: 'ms',
        defaultText: '`10000`',
        description:
          'How long a node that gets SIGTERM goes on for its clients after it has handed its rooms over, while the load balancer learns by `/readyz` that it ends.',
      }),
    ),
    nats,
  },
  {
    ...closed,
    description:
      'Makes this process a node of a cluster (experimental). All nodes have the same `store.url`, `apps` and keys.',
  },
);

/** The settings of a node. */
export type ClusterConfig = Static<typeof CLUSTER_SCHEMA>;

/** Returns what is wrong with a `cluster` group that conforms to the schema, by key. */
export function findClusterProblems(
  { nats: { user, password, token, nkeySeed, credentialsFile, tls } }: ClusterConfig,
  hasDatabase: boolean,
): { readonly key: string; readonly message: string }[] {
  const kinds = { user, token, nkeySeed, credentialsFile };
  const given = Object.entries(kinds).flatMap(([kind, value]) => (value === undefined ? [] : kind));
  return [
    ...(hasDatabase ? [] : [{ key: 'node', message: 'needs store.url: the nodes of a cluster share a database' }]),
    ...(given.length > 1
      ? [{ key: 'nats', message: `has more than one kind of credentials: ${given.join(', ')}` }]
      : []),
    ...((user === undefined) === (password === undefined)
      ? []
      : [{ key: 'nats.user', message: 'needs nats.password, and the password needs it' }]),
    ...((tls?.certFile === undefined) === (tls?.keyFile === undefined)
      ? []
      : [{ key: 'nats.tls.certFile', message: 'needs nats.tls.keyFile, and the key needs it' }]),
  ];
}
