/**
 * Chooses the transport of a worker.
 *
 * @module
 */

import { MediaError } from '../engine.ts';
import type { WorkerConfig } from '../ipc.ts';
import type { TransportFactory } from './transport.ts';

/** What a factory needs of its worker. */
export interface TransportHost {
  readonly config: WorkerConfig;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  reportError(where: string, error: unknown): void;
}

/** A chosen factory, and why it is not our own transport. */
export interface ChosenTransport {
  readonly factory: TransportFactory;
  /** Why our own transport is not used, in words for the log; undefined when it is used or was not wanted. */
  readonly obstacle?: string;
}

/** The machines whose system calls and structures the FFI layer knows. */
const SUPPORTED_MACHINES = new Set(['linux-x64', 'linux-arm64']);

/**
 * Creates the factory that the configuration wants. With `auto`, that is our own transport if it passes its self-test,
 * else the native binding.
 *
 * @throws MediaError `unavailable` when a port cannot be bound, or a transport is demanded that cannot be used
 */
export async function createTransportFactory(host: TransportHost): Promise<ChosenTransport> {
  const { config } = host;
  if (config.transport === 'libdatachannel') return { factory: await createBinding(host) };
  const obstacle = await findObstacle(config);
  if (obstacle === undefined) {
    const [{ OpenSslEndpoint }, { returnLargeBlocks }] = await Promise.all([
      import('./openssl-endpoint.ts'),
      import('../ffi/large-blocks.ts'),
    ]);
    returnLargeBlocks();
    const factory = new OpenSslEndpoint(config, host.now, host.reportError);
    if (config.tcpPort !== undefined) await factory.openTcp(config.tcpPort);
    return { factory };
  }
  if (config.transport === 'openssl') throw new MediaError('unavailable', `The transport cannot be used: ${obstacle}`);
  return { factory: await createBinding(host), obstacle };
}

/** Loads the native binding, which a worker with our own transport never does. */
async function createBinding({ config, now }: TransportHost): Promise<TransportFactory> {
  const [{ MediaPorts }, { BindingTransportFactory }] = await Promise.all([
    import('../worker/media-ports.ts'),
    import('./binding-transport.ts'),
  ]);
  const ports = new MediaPorts(config, now);
  ports.open();
  return new BindingTransportFactory(config, ports);
}

/** Returns why our own transport cannot be used; undefined if it can. */
async function findObstacle({ isMultiplexed, iceServers }: WorkerConfig): Promise<string | undefined> {
  const machine = `${process.platform}-${process.arch}`;
  if (!SUPPORTED_MACHINES.has(machine)) return `it does not support ${machine}`;
  if (!isMultiplexed) return 'a range of ports is configured, and it uses one port';
  if (iceServers.length > 0) return 'ICE servers are configured for the server, and it is an ICE lite agent';
  try {
    // Loaded here, because a Node without FFI, or with another OpenSSL, fails at the import.
    const { findSelfTestFailure } = await import('./self-test.ts');
    return findSelfTestFailure();
  } catch (error) {
    return `its native functions are missing (${error instanceof Error ? error.message : String(error)})`;
  }
}
