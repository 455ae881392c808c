import { describe, expect, test } from 'vitest';
import { formatRoute, linkTo, parseRoute, type Route } from './routes.ts';

describe('the address of a view', () => {
  test.each<Route>([
    { view: 'overview', filters: {} },
    { view: 'audit', filters: { actor: 'anna & bob', action: 'kick' } },
    { view: 'room', room: { appId: 7, environment: 'test', roomId: 'a/b?c#d é%' } },
  ])('is read back: %j', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  test('omits empty filters', () => {
    expect(linkTo('rooms', { search: '', sort: 'people' })).toBe('#/rooms?sort=people');
  });

  test.each([
    '',
    '#',
    '#/',
    '#/nowhere',
    '#/rooms/x/production/lobby',
    '#/rooms/7/staging/lobby',
    '#/rooms/7/test/%E0%A4%A',
  ])('that names no room shows a list or the overview: %j', (hash) => {
    expect(['overview', 'rooms']).toContain(parseRoute(hash).view);
  });
});
