import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from '@bot-bottle/audit';
import type { ProviderFileRef } from '@bot-bottle/providers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CredentialRefresh, type CredentialRefreshOptions } from '../src/owner/credential-refresh.ts';
import { readHostFile } from '../src/secrets/read-host-file.ts';
import { SecretStore } from '../src/secrets/secret-store.ts';
import { tempDir } from './temp-dir.ts';

const slot = 'EGRESS_TOKEN_0';
const start = new Date('2026-11-26T12:00:00Z');
const later = (ms: number): Date => new Date(start.getTime() + ms);

function token(name: string, expires: Date | null = later(3_600_000)): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { jti: name, ...(expires === null ? {} : { exp: expires.getTime() / 1000 }) };
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
}

const content = (value: string, account = 'a'): string =>
  JSON.stringify({ account, tokens: { access: value } });

interface Setting {
  readonly path: string;
  readonly slots: SecretStore;
  readonly published: string[];
  readonly events: AuditEvent[];
  readonly warnings: string[];
  now: Date;
}

async function watching(before: string, changes: Partial<CredentialRefreshOptions> = {}): Promise<Setting> {
  const path = join(await tempDir(), 'auth.json');
  await writeFile(path, content(before));
  const ref: ProviderFileRef = {
    kind: 'provider-file',
    path,
    pointer: '/tokens/access',
    unchanged: { '/account': 'a' },
    remedy: 'log in again',
  };
  const setting: Setting = {
    path,
    slots: new SecretStore([[slot, before]]),
    published: [],
    events: [],
    warnings: [],
    now: start,
  };
  const refresh = new CredentialRefresh({
    refs: { [slot]: ref },
    slots: setting.slots,
    publish: async (secrets) => {
      await Promise.resolve();
      setting.published.push(secrets[slot] ?? 'nothing');
    },
    record: async (event) => {
      await Promise.resolve();
      setting.events.push(event);
    },
    onWarning: (message) => setting.warnings.push(message),
    now: () => setting.now,
    graceMs: 60_000,
    pollMs: 20,
    ...changes,
  });
  onTestFinished(() => refresh.close());
  return setting;
}

describe('a credential that the host renews', () => {
  it('is published once when another one is in its file, also by a rename', async () => {
    const setting = await watching(token('one'));
    await writeFile(`${setting.path}.new`, content(token('two')));
    await rename(`${setting.path}.new`, setting.path);
    await vi.waitFor(() => expect(setting.published).toEqual([token('two')]));
    expect(setting.slots.get(slot)).toBe(token('two'));
    await writeFile(setting.path, content(token('three')));
    await vi.waitFor(() => expect(setting.published).toEqual([token('two'), token('three')]));
    expect(setting.events).toMatchObject([
      { action: 'credential', outcome: 'done', details: { expires_at: later(3_600_000).toISOString() } },
      { action: 'credential', outcome: 'done' },
    ]);
    expect(JSON.stringify([setting.events, setting.warnings])).not.toContain(token('two'));
    expect(setting.warnings).toEqual([]);
  });

  it('stays while its file is being written, and goes when that stays unusable', async () => {
    let unusable = 0;
    const read = async (path: string): Promise<string | null> => {
      const text = await readHostFile(path);
      if (text?.endsWith('{') === true) unusable += 1;
      return text;
    };
    const setting = await watching(token('one'), { read });
    await writeFile(setting.path, '{"tokens": {');
    // The second look comes when the first one has been noted.
    await vi.waitFor(() => expect(unusable).toBeGreaterThan(1));
    expect(setting.published).toEqual([]);
    setting.now = later(61_000);
    await vi.waitFor(() => expect(setting.published).toEqual(['']));
    expect(setting.slots.get(slot)).toBe('');
    expect(setting.warnings).toEqual([expect.stringContaining('is not JSON; log in again')]);
    expect(setting.events).toMatchObject([{ action: 'credential', outcome: 'failed' }]);
    await writeFile(setting.path, content(token('two')));
    await vi.waitFor(() => expect(setting.published).toEqual(['', token('two')]));
    expect(setting.warnings).toHaveLength(2);
  });

  it('goes at once when it expires without a successor', async () => {
    const setting = await watching(token('one', later(1000)));
    setting.now = later(1000);
    await vi.waitFor(() => expect(setting.published).toEqual(['']));
    expect(setting.warnings).toEqual([expect.stringContaining('expired at')]);
  });

  it.each([
    ['the login of somebody else', content(token('theirs'), 'b'), 'another value at /account'],
    ['no login', null, 'is not there'],
    ['an empty token', content(''), 'holds no text'],
  ])('is not replaced by %s', async (_name, text, why) => {
    const setting = await watching(token('one'), { graceMs: 0 });
    // By a rename: without a grace, a look at a file that is half written is one at an unusable file.
    if (text === null) await rm(setting.path);
    else {
      await writeFile(`${setting.path}.new`, text);
      await rename(`${setting.path}.new`, setting.path);
    }
    await vi.waitFor(() => expect(setting.published).toEqual(['']));
    expect(setting.warnings).toEqual([expect.stringContaining(why)]);
  });

  it('is published again until the sidecar has it', async () => {
    let failures = 2;
    const published: string[] = [];
    const setting = await watching(token('one'), {
      publish: async (secrets) => {
        await Promise.resolve();
        failures -= 1;
        if (failures >= 0) throw new Error('the sidecar is being started anew');
        published.push(secrets[slot] ?? '');
      },
    });
    await writeFile(setting.path, content(token('two')));
    await vi.waitFor(() => expect(published).toEqual([token('two')]));
    expect(failures).toBe(-1);
  });
});
