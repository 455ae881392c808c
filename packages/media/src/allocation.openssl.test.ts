import { describeAllocation } from '../tests/allocation-suite.ts';

describeAllocation('openssl');
