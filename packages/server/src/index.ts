/**
 * The server as a library, for tests and for embedding.
 *
 * @module
 */

export { type Config, ConfigError, type DevCredentials, loadConfig } from './config.ts';
export { type Clock, systemClock } from './rooms/clock.ts';
export { type GavelServer, type ServerParts, startServer } from './server.ts';
export { type CallParams, signedPath } from './zego/signed-path.ts';
export { createToken04, type Token04Options } from './zego/token04.ts';
