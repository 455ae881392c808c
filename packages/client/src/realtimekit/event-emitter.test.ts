import { describe, expect, it, vi } from 'vitest';
import { EmittingMap } from './emitting-map.ts';
import { EventEmitter } from './event-emitter.ts';

interface DoorEvents {
  opened: [by: string];
  closed: [];
}

class Door extends EventEmitter<DoorEvents> {}
class Doors extends EmittingMap<Door, DoorEvents> {}

describe.each([
  ['EventEmitter', () => new Door()],
  ['EmittingMap', () => new Doors()],
])('%s', (_, create) => {
  it('calls handlers in the order of addition, with first those that were prepended', () => {
    const emitter = create();
    const calls: string[] = [];
    emitter
      .on('opened', (by) => calls.push(`on ${by}`))
      .addListener('opened', (by) => calls.push(`addListener ${by}`))
      .prependListener('opened', (by) => calls.push(`prepend ${by}`))
      .prependOnceListener('opened', (by) => calls.push(`prependOnce ${by}`));

    expect(emitter.emit('opened', 'ann')).toBe(true);
    expect(calls).toEqual(['prependOnce ann', 'prepend ann', 'on ann', 'addListener ann']);
    expect(emitter.listenerCount('opened')).toBe(3);
  });

  it('calls a handler of once exactly once, even if the handler emits the event again', () => {
    const emitter = create();
    const handler = vi.fn(() => emitter.emit('closed'));
    emitter.once('closed', handler);

    emitter.emit('closed');
    emitter.emit('closed');
    expect(handler).toHaveBeenCalledTimes(1);
    expect(emitter.listenerCount('closed')).toBe(0);
  });

  it('calls a handler as often as it was added, and removes one registration at a time', () => {
    const emitter = create();
    const handler = vi.fn();
    emitter.on('closed', handler).on('closed', handler);

    emitter.emit('closed');
    expect(handler).toHaveBeenCalledTimes(2);
    emitter.off('closed', handler);
    emitter.emit('closed');
    expect(handler).toHaveBeenCalledTimes(3);
    emitter.removeListener('closed', handler);
    expect(emitter.emit('closed')).toBe(false);
  });

  it('gives the handlers of * every event with its name', () => {
    const emitter = create();
    const handler = vi.fn();
    emitter.on('*', handler);

    expect(emitter.emit('opened', 'ann')).toBe(true);
    emitter.emit('closed');
    expect(handler.mock.calls).toEqual([['opened', 'ann'], ['closed']]);
  });

  it('removes all handlers of one event, or of all events', () => {
    const emitter = create();
    const [opened, closed] = [vi.fn(), vi.fn()];
    emitter.on('opened', opened).on('closed', closed).on('closed', closed);

    emitter.removeAllListeners('closed');
    expect(emitter.listeners('closed')).toEqual([]);
    expect(emitter.listeners('opened')).toEqual([opened]);
    emitter.removeAllListeners();
    expect(emitter.emit('opened', 'ann')).toBe(false);
  });

  it('ignores the removal of a handler that was not added, and of undefined', () => {
    const emitter = create();
    const handler = vi.fn();
    emitter.on('closed', handler);

    emitter.off('closed', () => {}).removeListener('opened', undefined as never);
    expect(emitter.listenerCount('closed')).toBe(1);
  });

  it('refuses a handler that is not a function', () => {
    for (const handler of [undefined, null, 'text', {}]) {
      expect(() => create().on('closed', handler as never)).toThrow(TypeError);
      expect(() => create().once('closed', handler as never)).toThrow(TypeError);
    }
  });

  it('calls the other handlers if one throws, and reports the error as an uncaught one', async () => {
    const emitter = create();
    const [handler, report] = [vi.fn(), vi.fn()];
    vi.stubGlobal('queueMicrotask', report);
    emitter.on('closed', () => {
      throw new Error('of the application');
    });
    emitter.on('closed', handler);

    emitter.emit('closed');
    vi.unstubAllGlobals();
    expect(handler).toHaveBeenCalledTimes(1);
    expect(() => report.mock.calls[0]?.[0]()).toThrow('of the application');
  });

  it('stores the number of setMaxListeners and limits nothing by it', () => {
    const emitter = create().setMaxListeners(1);
    emitter.on('closed', () => {}).on('closed', () => {});
    expect(emitter.getMaxListeners()).toBe(1);
    expect(emitter.listenerCount('closed')).toBe(2);
  });
});
