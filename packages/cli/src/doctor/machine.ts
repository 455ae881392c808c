/**
 * Checks of the machine: clock, disk, limits, buffers, certificates.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '@gavel/server/config';
import { type Finding, findingsOf, reasonOf } from './check.ts';

const GIB = 1024 ** 3;
/** Each signalling connection is a descriptor. */
const ENOUGH_FILES = 65_536;
/** What the media workers ask for, in bytes. */
const WANTED_BUFFER = 4 * 1024 * 1024;
const WARN_BEFORE_DAYS = 14;

/** Checks that the clock is synchronised: tokens and signatures are valid for minutes. */
export async function checkClock(): Promise<Finding> {
  const { ok, warn } = findingsOf('clock');
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
    if (stdout.trim() === 'yes') return ok('synchronised');
    return warn('not synchronised: signatures of calls are valid for ten minutes by this clock');
  } catch {
    return warn('timedatectl does not say whether it is synchronised');
  }
}

/** Checks that the data folder can be written to and has space. */
export function checkDisk({ dataDir }: Pick<Config, 'dataDir'>): Finding {
  const { ok, warn, fail } = findingsOf('disk');
  const folder = resolve(dataDir);
  const existing = findExisting(folder);
  try {
    accessSync(existing, constants.W_OK);
    const { bavail, bsize } = statfsSync(existing);
    const free = bavail * bsize;
    const text = `${(free / GIB).toFixed(1)} GiB are free for ${folder}`;
    return free < GIB ? warn(`only ${text}`) : ok(text);
  } catch (error) {
    return fail(`${existing} cannot be written to: ${reasonOf(error)}`);
  }
}

/** Returns the folder, or the nearest one above it that exists: the server creates what is missing. */
function findExisting(folder: string): string {
  return existsSync(folder) ? folder : findExisting(dirname(folder));
}

/** Checks how many files this user's processes may open. */
export function checkFileLimit(readFile: (path: string) => string = (path) => readFileSync(path, 'utf8')): Finding {
  const { ok, warn } = findingsOf('open files');
  try {
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFile('/proc/self/limits')) ?? [];
    if (soft === 'unlimited' || Number(soft) >= ENOUGH_FILES) return ok(`at most ${soft}`);
    return warn(`at most ${soft}: one is needed for each connection (LimitNOFILE, ulimit -n)`);
  } catch {
    return warn('the limit is not known on this system');
  }
}

/** Checks the largest kernel buffers that a socket may have. */
export function checkBuffers(readFile: (path: string) => string = (path) => readFileSync(path, 'utf8')): Finding {
  const { ok, warn } = findingsOf('socket buffers');
  try {
    const small = ['rmem_max', 'wmem_max'].filter(
      (name) => Number(readFile(`/proc/sys/net/core/${name}`)) < WANTED_BUFFER,
    );
    if (small.length === 0) return ok('large enough');
    const names = small.map((name) => `net.core.${name}`).join(' and ');
    return warn(`${names} are below ${WANTED_BUFFER}: raise them, such as with sysctl, or bursts of media are lost`);
  } catch {
    return warn('their limits are not known on this system');
  }
}

/** Checks the certificate, if there is one. */
export function checkCertificate({ tls }: Pick<Config, 'tls'>, nowMs = Date.now()): Finding[] {
  const { ok, warn, fail } = findingsOf('certificate');
  if (!tls) return [];
  try {
    readFileSync(tls.keyFile);
    const { validToDate } = new X509Certificate(readFileSync(tls.certFile));
    const days = Math.floor((validToDate.getTime() - nowMs) / 86_400_000);
    if (days < 0) return [fail(`${tls.certFile} has expired`)];
    const text = `${tls.certFile} expires in ${days} days`;
    return [days < WARN_BEFORE_DAYS ? warn(text) : ok(text)];
  } catch (error) {
    return [fail(`${tls.certFile} or ${tls.keyFile} cannot be read: ${reasonOf(error)}`)];
  }
}
