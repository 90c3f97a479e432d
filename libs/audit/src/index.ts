export { denialCodes, denials } from './denials.ts';
export type { DenialCode, DenialRule } from './denials.ts';
export { AuditError, auditErrorCodes } from './error.ts';
export type { AuditErrorCode, AuditErrorOptions } from './error.ts';
export { auditEventSchema, auditLineSchema, layers, outcomes } from './events.ts';
export type { AuditEvent, AuditLine, Layer, Outcome } from './events.ts';
export { denialBodySchema, renderDenial } from './render-denial.ts';
export type { Denial, DenialAsk, DenialBody, RenderedDenial } from './render-denial.ts';
export { visibleLine, visibleText } from './visible-text.ts';
