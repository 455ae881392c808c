import { describeRepair } from '../tests/repair-suite.ts';

describeRepair('libdatachannel');
