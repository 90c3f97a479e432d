import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AuditEvent } from '@bot-bottle/audit';

export const bottle = 'demo-abc12';

export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'audit-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export function event(target: string, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    layer: 'egress',
    action: 'request',
    outcome: 'allowed',
    code: null,
    target,
    rule: null,
    details: {},
    ...change,
  };
}

export function denial(target: string, change: Partial<AuditEvent> = {}): AuditEvent {
  return event(target, { outcome: 'denied', code: 'host_not_allowed', ...change });
}

export const layerPath = (dir: string, name = 'egress.jsonl'): string => join(dir, bottle, name);

export async function fileLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}
