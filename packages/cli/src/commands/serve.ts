/**
 * `gavel serve`: runs the server.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CommandSpec } from '../command.ts';
import { usageError } from '../errors.ts';

const MAIN = fileURLToPath(new URL('../../../server/src/main.js', import.meta.url));
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

const serve: CommandSpec = {
  name: 'serve',
  summary: 'Runs the server, with the arguments of the server: --dev, --port, --config.',
  args: [{ name: 'arguments...', description: 'Arguments of the server.', isOptional: true }],
  passesArguments: true,
  async run({ args, io }) {
    if (!existsSync(MAIN)) throw usageError('this installation has no server; run it from a checkout of Gavel');
    const given = args.filter((argument) => argument !== undefined);
    const child = spawn(process.execPath, [MAIN, ...given], { stdio: 'inherit', env: { ...io.env } });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, pass);
    const [code] = (await once(child, 'exit')) as [number | null];
    for (const signal of SIGNALS) process.off(signal, pass);
    // 2 is a configuration that is refused, and any other code a server that could not start, or failed.
    if (code === 0) return undefined;
    return { value: { exitCode: code }, lines: [], isOk: false };
  },
};

/** The command that runs the server. */
export const SERVE_COMMANDS: readonly CommandSpec[] = [serve];
