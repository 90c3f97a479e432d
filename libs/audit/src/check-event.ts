import { AuditError } from './error.ts';
import { auditEventSchema } from './events.ts';
import type { AuditEvent } from './events.ts';
import { isReservedAction } from './reserved-actions.ts';

const MAX_DETAILS = 64;
const textLimits = { action: 64, target: 4096, rule: 256 } as const;
const MAX_DETAIL_KEY = 64;
const MAX_DETAIL_TEXT = 4096;

function cut(value: unknown, limit: number): unknown {
  return typeof value === 'string' && value.length > limit ? `${value.slice(0, limit - 1)}…` : value;
}

function cutDetails(details: unknown): unknown {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return details;
  const entries = Object.entries(details).slice(0, MAX_DETAILS);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      cut(key, MAX_DETAIL_KEY),
      typeof value === 'number' && !Number.isFinite(value) ? null : cut(value, MAX_DETAIL_TEXT),
    ]),
  );
}

function cutEvent(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const copy: Record<string, unknown> = { ...event };
  for (const [name, limit] of Object.entries(textLimits)) {
    if (name in copy) copy[name] = cut(copy[name], limit);
  }
  if ('details' in copy) copy['details'] = cutDetails(copy['details']);
  return copy;
}

/**
 * Validates one event. Texts that are too long are cut rather than refused, because an agent that makes them long
 * must not be able to stop its neighbours' events. Throws `AuditError` (`invalid_event`) for anything else.
 */
export function checkEvent(event: unknown): AuditEvent {
  const checked = parseEvent(event);
  if (!isReservedAction(checked.action)) return checked;
  throw new AuditError('invalid_event', 'an audit event uses an action that only the log itself may write');
}

function parseEvent(event: unknown): AuditEvent {
  const parsed = auditEventSchema.safeParse(event);
  if (parsed.success && Object.keys(parsed.data.details).length <= MAX_DETAILS) return parsed.data;
  const shortened = auditEventSchema.safeParse(cutEvent(event));
  if (shortened.success) return shortened.data;
  const fields = [...new Set(shortened.error.issues.map((issue) => String(issue.path[0] ?? 'event')))];
  throw new AuditError('invalid_event', `an audit event is not valid: ${fields.join(', ').slice(0, 200)}`);
}
