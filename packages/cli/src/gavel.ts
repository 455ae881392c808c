#!/usr/bin/env node
/**
 * The program `gavel`.
 *
 * @module
 */

import { runCli } from './cli.ts';
import { createProcessIo } from './io.ts';

process.exitCode = await runCli(process.argv.slice(2), createProcessIo());
