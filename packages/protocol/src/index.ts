export * from './causes.ts';
export { type ChatEventFrame, CONTENT_LIMITS, type MessageChange } from './chat.ts';
export * from './close-codes.ts';
export * from './content-files.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './messages.ts';
export type * from './params.ts';
export { POLL_LIMITS, type PollEventFrame, type WirePoll, type WirePollOption } from './polls.ts';
export {
  STORE_LIMITS,
  type StoreEventFrame,
  type WireStore,
  type WireStoreChange,
  type WireStoreEntry,
} from './stores.ts';
export * from './wire.ts';
