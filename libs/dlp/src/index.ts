export { inboundDetectors, outboundDetectors } from './contracts.ts';
export type {
  AllowEntry,
  BodyKind,
  BodyStream,
  DetectorName,
  Finding,
  HeadSurfaces,
  InboundDetector,
  KnownSecret,
  OutboundDetector,
  Scanner,
  ScannerOptions,
  StreamStep,
  Surface,
} from './contracts.ts';
