import { describeEngine } from '../tests/engine-suite.ts';

describeEngine('libdatachannel');
