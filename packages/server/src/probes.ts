/**
 * Looks at the services that a server needs, without a change: for `gavel doctor`.
 *
 * @module
 */

export { type NatsFacts, probeNats } from './cluster/nats/nats-client.ts';
export { type PostgresFacts, probePostgres } from './store/postgres/probe.ts';
