export { createScanner } from './create-scanner.ts';
export {
  createInboundScanner,
  type InboundScanner,
  type InboundScannerOptions,
  type InboundStream,
} from './inbound/create-inbound-scanner.ts';
export { DlpError, type DlpErrorCode } from './errors.ts';
export { defaultInbound, defaultOutbound, type OutboundPolicy } from './default-outbound.ts';
export { isSearched } from './detectors/known-values.ts';
export { encodingsOf } from './forms/encodings-of.ts';
export { FragmentWindow } from './fragments/fragment-window.ts';
export { redactSpans } from './redact-spans.ts';
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
