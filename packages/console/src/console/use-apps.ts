/**
 * The Apps that the user may access, for names and filters.
 *
 * @module
 */

import type { AppList, AppSummary } from './api/apps.ts';
import { useConsole } from './context.ts';
import { type ShownResource, useResource } from './use-resource.ts';

/** The Apps, and how they were loaded. */
export interface ShownApps {
  readonly apps: readonly AppSummary[];
  readonly list: ShownResource<AppList>;
}

/** Loads the Apps that the user may access. */
export function useApps(): ShownApps {
  const { client } = useConsole();
  const list = useResource('apps', () => client.get<AppList>('/apps'));
  return { apps: list.data?.apps ?? [], list };
}

/** Returns the name of an App; its id if it is not known. */
export function nameOfApp(apps: readonly AppSummary[], appId: number): string {
  return apps.find((app) => app.appId === appId)?.name ?? String(appId);
}

/** Returns the choices of a filter by App. */
export function appChoices(apps: readonly AppSummary[]): { readonly value: string; readonly label: string }[] {
  return apps.map(({ appId, name }) => ({ value: String(appId), label: name }));
}
