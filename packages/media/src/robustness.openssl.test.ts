import { describe } from 'vitest';
import { describeRobustness } from '../tests/robustness-suite.ts';

describe('openssl', { timeout: 20_000 }, () => describeRobustness('openssl'));
