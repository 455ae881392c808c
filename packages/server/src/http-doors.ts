/**
 * What the HTTP server answers after its first door: RealtimeKit's API, the admin API, files, pages, the SDK and the state of health.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify';
import { type AdminDoorDeps, registerAdminDoor } from './admin/door.ts';
import type { AppRegistry } from './apps/app-registry.ts';
import type { Clock } from './base/clock.ts';
import type { Bus } from './bus/bus.ts';
import type { Peers } from './cluster/peers.ts';
import type { Config } from './config.ts';
import type { PolicyService } from './policy/policy-service.ts';
import { type RealtimeKitDoorDeps, registerRealtimeKitDoor } from './realtimekit/door.ts';
import { adminKeyOf } from './startup/admin-key.ts';
import type { Store } from './store/store.ts';
import type { CountCall } from './telemetry/call-metrics.ts';
import { type HealthDeps, registerHealth } from './telemetry/health.ts';
import type { Logger } from './telemetry/log.ts';
import { type FileDoorDeps, registerFileDoor } from './transfer/door.ts';
import { registerAssets } from './web/built-pages.ts';
import { registerConsole } from './web/console.ts';
import { registerPlayground } from './web/playground.ts';
import { registerSdk } from './web/sdk.ts';
import { signedPath } from './zego/signed-path.ts';
import { createToken04 } from './zego/token04.ts';

/** What the doors need, apart from what the configuration says. */
export interface HttpDoorParts
  extends Omit<RealtimeKitDoorDeps, 'allowPrivateTargets' | 'rateLimit'>,
    Pick<AdminDoorDeps, 'callbacks' | 'engine' | 'journal' | 'readNodeStatus' | 'requestDrain' | 'version'>,
    FileDoorDeps,
    HealthDeps {
  readonly apps: AppRegistry;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly countCall: CountCall;
  readonly log: Logger;
  readonly peers: Peers;
  readonly policy: PolicyService;
  readonly store: Store;
}

/**
 * Registers the doors that a configuration opens.
 *
 * @param config that of the start
 * @param currentConfig returns the configuration with what was reloaded
 */
export async function registerHttpDoors(
  http: FastifyInstance,
  config: Config,
  currentConfig: () => Config,
  parts: HttpDoorParts,
): Promise<void> {
  const { apps, clock, journal, store } = parts;
  registerRealtimeKitDoor(http, {
    ...parts,
    allowPrivateTargets: config.callbacks.allowPrivateTargets,
    rateLimit: config.realtimekit.rateLimit,
  });
  if (adminKeyOf(config) !== undefined) {
    const adminKey = (): string => adminKeyOf(currentConfig()) ?? '';
    await registerAdminDoor(http, {
      ...parts,
      // Its routes read the tables of the store. `apps` and `journal` are also names of tables, but the routes need the parts.
      ...store,
      apps,
      journal,
      replies: store.journal,
      adminKey,
      createLoginToken: createToken04,
    });
    registerConsole(http);
  }
  registerFileDoor(http, parts);
  await registerAssets(http);
  if (config.playground) registerPlayground(http, devPage(config, apps, clock));
  await registerSdk(http);
  registerHealth(http, parts);
}

function devPage(config: Config, apps: AppRegistry, clock: Clock): Parameters<typeof registerPlayground>[1] {
  const app = config.mode === 'dev' ? apps.find(config.apps.at(-1)?.appId ?? 0) : undefined;
  if (!app) return {};
  return { dev: { appId: app.appId, sign: (action, params) => signedPath(app, action, params, clock.now()) } };
}
