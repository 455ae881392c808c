import { describe } from 'vitest';
import { describeClosing } from '../tests/closing-suite.ts';

describe('openssl', { timeout: 20_000 }, () => describeClosing('openssl'));
