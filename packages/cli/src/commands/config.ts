/**
 * `gavel config`: checks a configuration, and prints a sample.
 *
 * @module
 */

import { ConfigError, loadConfig } from '@gavel/server/config';
import { printSampleFile } from '@gavel/server/config-reference';
import type { CommandSpec, OptionSpec } from '../command.ts';

/** The configuration file of a command. */
export const FILE_OPTION: OptionSpec = {
  flags: '--config <file>',
  description: 'The configuration file. The environment (GAVEL_*) counts, too.',
};

const check: CommandSpec = {
  name: 'config check',
  summary: 'Checks a configuration as the server does at its start, and lists all problems.',
  options: [FILE_OPTION],
  async run({ io, options: { config: file } }) {
    try {
      const config = loadConfig({ argv: file === undefined ? [] : ['--config', String(file)], env: io.env });
      const { mode, apps, dataDir } = config;
      const facts = { isValid: true, mode, appCount: apps.length, dataDir };
      return { value: facts, lines: [`valid: mode ${mode}, ${apps.length} Apps, data in ${dataDir}`] };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { value: { isValid: false, problems: error.problems }, lines: [error.message], isOk: false };
    }
  },
};

const sample: CommandSpec = {
  name: 'config sample',
  summary: 'Prints a configuration file with every key, commented out.',
  async run() {
    const text = printSampleFile();
    return { value: text, lines: [text.trimEnd()] };
  },
};

/** The commands of the configuration. */
export const CONFIG_COMMANDS: readonly CommandSpec[] = [check, sample];
