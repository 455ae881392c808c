/**
 * The rows of the table, in its order.
 *
 * @module
 */

import type { Row } from '../harness/row.ts';
import { close } from './close.ts';
import { fanOut } from './fan-out.ts';
import { idle } from './idle.ts';
import { join } from './join.ts';
import { kick } from './kick.ts';
import { kickThroughput } from './kick-throughput.ts';

/** All of them. */
export const ROWS: readonly Row[] = [kick, kickThroughput, close, fanOut, join, idle];
