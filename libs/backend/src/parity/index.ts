export { ParityFailure, type ParityCase, type ParityContext } from './parity-case.ts';
export { parityCases } from './parity-cases.ts';
