export { createMediaEngine } from './create-media-engine.ts';
export * from './engine.ts';
export type { IceServerConfig } from './ipc.ts';
export type { MediaEngineOptions, MediaLogger } from './options.ts';
