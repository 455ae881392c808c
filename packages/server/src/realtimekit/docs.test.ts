import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtRoutes } from './resources/routes.ts';
import type { ResourceDeps, Route } from './route.ts';

const page = readFileSync(new URL('../../../../docs/reference/realtimekit-api.md', import.meta.url), 'utf8');
const nameOf = ({ method, path }: Route): string => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;
// Only handlers use what they are given.
const deps = {} as ResourceDeps;
const routes = builtRoutes(deps);

describe('the page of the RealtimeKit API', () => {
  it('lists every route, with its status, and no other', () => {
    const listed = [...page.matchAll(/^\| `([A-Z]+)` \| `(\/[^`]*)` \| (\d+) \|/gm)];
    expect(listed.map(([, method, path, status]) => `${method} ${path} ${status}`).sort()).toEqual(
      routes.map((route) => `${nameOf(route)} ${route.status}`).sort(),
    );
  });
});
