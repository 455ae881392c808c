/**
 * Assigns UDP ports to workers.
 *
 * @module
 */

import { ESTIMATOR_DEFAULTS } from './bwe/bandwidth-estimator.ts';
import { MediaError } from './engine.ts';
import type { WorkerConfig } from './ipc.ts';
import type { MediaEngineOptions } from './options.ts';
import { probeUdpPort } from './ports.ts';

/**
 * Creates the configuration of every worker. A port range is split between the workers, so that two workers never choose
 * the same port.
 *
 * @param pipeFolder the folder of the sockets between workers; undefined for a single worker
 * @throws MediaError `unavailable` when the range has fewer ports than there are workers, or no port is free
 */
export function createWorkerConfigs(options: MediaEngineOptions, pipeFolder?: string): WorkerConfig[] {
  const {
    workers = 1,
    ports,
    portRange,
    tcpPorts,
    listenAddress,
    announcedAddress,
    iceServers = [],
    transport = 'auto',
    maxViewerBps = ESTIMATOR_DEFAULTS.maxBps,
  } = options;
  const common = {
    listenAddress,
    announcedAddress,
    iceServers,
    transport,
    maxViewerBps,
    ...(pipeFolder !== undefined && { pipeFolder }),
  };
  const tcpPortOf = (worker: number): number | undefined => (tcpPorts ? tcpPorts + worker : tcpPorts);
  const indices = Array.from({ length: workers }, (_, worker) => worker);
  if (portRange === undefined) {
    return indices.map((worker) => {
      // A fixed port is probed by its worker.
      const port = ports === 0 ? probeUdpPort(0, listenAddress) : ports + worker;
      return { worker, portMin: port, portMax: port, tcpPort: tcpPortOf(worker), isMultiplexed: true, ...common };
    });
  }
  const { min, max } = portRange;
  const count = max - min + 1;
  if (count < workers) {
    throw new MediaError('unavailable', `${count} UDP ports (${min} to ${max}) are too few for ${workers} workers`);
  }
  const firstOf = (worker: number): number => min + Math.floor((count * worker) / workers);
  return indices.map((worker) => {
    const range = { portMin: firstOf(worker), portMax: firstOf(worker + 1) - 1 };
    return { worker, ...range, tcpPort: undefined, isMultiplexed: false, ...common };
  });
}
