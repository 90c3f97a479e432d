import { parityOf } from './support/parity-of.ts';

parityOf('docker');
