import { describe } from 'vitest';
import { describeClosing } from '../tests/closing-suite.ts';

describe('libdatachannel', { timeout: 20_000 }, () => describeClosing('libdatachannel'));
