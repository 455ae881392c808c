/**
 * `gavel doctor`: what is wrong with a server's machine and configuration.
 *
 * @module
 */

import { type Config, ConfigError, loadConfig } from '@gavel/server/config';
import { type CommandSpec, makeTable } from '../command.ts';
import type { Finding } from '../doctor/check.ts';
import { checkBuffers, checkCertificate, checkClock, checkDisk, checkFileLimit } from '../doctor/machine.ts';
import { checkAnnouncedAddress, checkHttpPort, checkMediaPorts, checkTurn } from '../doctor/network.ts';
import { checkDatabase, checkNats } from '../doctor/services.ts';
import { FILE_OPTION } from './config.ts';

type Check = (config: Config) => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>;

/** The checks, by what is shown while one runs. */
const CHECKS: readonly (readonly [what: string, check: Check])[] = [
  ['the HTTP port', checkHttpPort],
  ['the UDP ports', checkMediaPorts],
  ['the announced address', checkAnnouncedAddress],
  ['TURN', checkTurn],
  ['the clock', checkClock],
  ['the disk', checkDisk],
  ['the limit of open files', () => checkFileLimit()],
  ['the socket buffers', () => checkBuffers()],
  ['the database', checkDatabase],
  ['NATS', checkNats],
  ['the certificate', checkCertificate],
];

const doctor: CommandSpec = {
  name: 'doctor',
  summary:
    'Checks the machine that a server runs on, with its configuration: ports, UDP, announced address, TURN, clock, disk, limits, database, NATS, certificate.',
  options: [FILE_OPTION, { flags: '--dev', description: 'Check for dev mode.' }],
  async run({ io, options, progress }) {
    const argv = [
      ...(options.dev ? ['--dev'] : []),
      ...(options.config === undefined ? [] : ['--config', String(options.config)]),
    ];
    const findings: Finding[] = [];
    let config: Config;
    try {
      config = loadConfig({ argv, env: io.env });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return {
        value: [{ check: 'configuration', status: 'fail', detail: error.message }],
        lines: [error.message],
        isOk: false,
      };
    }
    findings.push({ check: 'configuration', status: 'ok', detail: `valid, mode ${config.mode}` });
    for (const [what, check] of CHECKS) {
      progress(`checking ${what} ...`);
      findings.push(...[await check(config)].flat());
    }
    const rows = findings.map(({ status, check, detail }) => [status, check, detail]);
    return {
      value: findings,
      lines: makeTable(['STATUS', 'CHECK', ''], rows),
      isOk: findings.every(({ status }) => status !== 'fail'),
    };
  },
};

/** The command that checks a machine. */
export const DOCTOR_COMMANDS: readonly CommandSpec[] = [doctor];
