import type { AuditEvent, DenialCode } from '@bot-bottle/audit';
import type { SuperviseTool } from '@bot-bottle/supervise';
import type { CallLimit } from '../limits/call-limit.ts';
import { within } from '../limits/within.ts';
import { ToolFailure } from '../tool-failure.ts';
import { allTools } from './all-tools.ts';
import type { ToolContent, ToolContext } from './tool.ts';

export interface CallOptions {
  readonly calls: CallLimit;
  /** resolves when the event is safely recorded */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** told of errors that are ours */
  readonly onError: (error: unknown) => void;
}

export interface ToolAnswer {
  readonly content: ToolContent;
  readonly isError: boolean;
}

/** Milliseconds that the record of a call may take. */
const AUDIT_MS = 5000;

/** Runs one tool call: within the limits, recorded before anything is done. Never rejects. */
export async function callTool(
  name: SuperviseTool,
  raw: unknown,
  context: ToolContext,
  options: CallOptions,
): Promise<ToolAnswer> {
  try {
    if (!options.calls.take()) {
      await record(options, name, 'limit_exceeded').catch(() => undefined);
      throw new ToolFailure('limit_exceeded', 'Too many tool calls in a minute; wait before the next one.');
    }
    const run = await prepared(name, raw, options);
    await record(options, name, null);
    return { content: await run(context), isError: false };
  } catch (error) {
    if (!(error instanceof ToolFailure)) options.onError(error);
    const failure =
      error instanceof ToolFailure
        ? error
        : new ToolFailure('internal_error', 'the tool failed; see its log');
    return { content: failure.toJSON(), isError: true };
  }
}

/** A call of a tool that is not offered; its name is a text of the agent, so it is not written down. */
export async function recordUnknown(options: CallOptions): Promise<void> {
  const code = options.calls.take() ? 'malformed_request' : 'limit_exceeded';
  await record(options, 'unknown tool', code).catch(() => undefined);
}

async function prepared(
  name: SuperviseTool,
  raw: unknown,
  options: CallOptions,
): Promise<(context: ToolContext) => Promise<ToolContent>> {
  try {
    return allTools[name].prepare(raw);
  } catch (error) {
    await record(options, name, 'malformed_request').catch(() => undefined);
    throw error;
  }
}

/** @throws ToolFailure `audit_unavailable` */
async function record({ audit }: CallOptions, target: string, code: DenialCode | null): Promise<void> {
  const failed = (): never => {
    throw new ToolFailure('audit_unavailable');
  };
  const outcome = code === null ? 'allowed' : 'denied';
  const event: AuditEvent = {
    layer: 'supervise',
    action: 'tool-call',
    outcome,
    code,
    target,
    rule: null,
    details: {},
  };
  await within(audit(event), AUDIT_MS, failed).catch(failed);
}
