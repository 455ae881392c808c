import { describeViewerNetwork } from '../tests/network-suite.ts';

describeViewerNetwork('openssl');
