import { describe } from 'vitest';
import { describeRobustness } from '../tests/robustness-suite.ts';

describe('libdatachannel', { timeout: 20_000 }, () => describeRobustness('libdatachannel'));
