import { describeEngine } from '../tests/engine-suite.ts';

describeEngine('openssl');
