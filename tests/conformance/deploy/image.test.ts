/**
 * The image, built from the Dockerfile without a registry of images, and a server of it. It takes minutes and the network: only with
 * `GAVEL_TEST_IMAGE=build`, as root on Debian with buildah and debootstrap.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../deploy/docker/build-on-debian.sh', import.meta.url));
const BUILD_TIMEOUT_MS = 30 * 60_000;

test.skipIf(process.env.GAVEL_TEST_IMAGE !== 'build')(
  'the image is built, and its server is ready as a user without rights on a file system that is not written to',
  async () => {
    const { stdout } = await promisify(execFile)('sh', [SCRIPT, '--check'], { timeout: BUILD_TIMEOUT_MS });
    expect(stdout).toContain('user 10001:10001');
    expect(stdout).toContain('healthz 200');
    expect(stdout).toContain('readyz 200');
  },
  BUILD_TIMEOUT_MS,
);
