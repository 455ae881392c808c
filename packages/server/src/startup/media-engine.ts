/**
 * The media engine, as the configuration describes it.
 *
 * @module
 */

import { createMediaEngine, type MediaEngine, type WorkerHealth } from '@gavel/media';
import type { Config } from '../config.ts';
import type { Unready } from '../telemetry/health.ts';
import type { Logger } from '../telemetry/log.ts';

/** Creates the engine; it is not started. */
export function createEngine({ media }: Config, logger: Logger): MediaEngine {
  const { workers, port, portRange, tcpPort, listenAddress, announcedAddress, iceServers, transport } = media;
  const { maxViewerBitrate: maxViewerBps } = media;
  return createMediaEngine({
    workers,
    ports: port,
    transport,
    maxViewerBps,
    ...(portRange && { portRange }),
    ...(tcpPort !== undefined && { tcpPorts: tcpPort }),
    ...(listenAddress !== undefined && { listenAddress }),
    ...(announcedAddress !== undefined && { announcedAddress }),
    ...(iceServers && { iceServers }),
    logger,
  });
}

/** Starts the engine. @throws Error that names the configuration key if the media ports cannot be bound */
export async function startEngine(engine: MediaEngine, { media }: Config): Promise<void> {
  try {
    await engine.start();
  } catch (error) {
    const key = media.portRange
      ? 'media.portRange'
      : `media.port${media.tcpPort === undefined ? '' : ', media.tcpPort'}`;
    throw new Error(`media did not start (${key}): ${messageOf(error)}`, { cause: error });
  }
}

/** Returns the workers that do not forward, as one unready part; empty if all do. */
export function findUnreadyWorkers(engine: MediaEngine): Unready[] {
  const workers = engine.health().filter(({ isReady, problem }) => !isReady || problem !== undefined);
  return workers.length > 0 ? [{ part: 'media', problem: workers.map(describeWorker).join('; ') }] : [];
}

const describeWorker = ({ worker, port, problem = 'is starting' }: WorkerHealth): string =>
  `worker ${worker} (UDP port ${port}) ${problem}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
