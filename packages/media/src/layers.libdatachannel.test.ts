import { describeLayers } from '../tests/layer-suite.ts';

describeLayers('libdatachannel');
