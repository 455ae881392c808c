/**
 * `@gavel/client`: the web client of Gavel. This module is the core; the facades that look like a vendor's SDK are
 * `@gavel/client/zego`, `@gavel/client/liveroom` and `@gavel/client/realtimekit`.
 *
 * @module
 */

export * from './core/index.ts';
