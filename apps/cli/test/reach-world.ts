import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAudit, type AuditLine } from '@bot-bottle/audit';
import { ControlClient, controlSocketPath, type RoutesView } from '@bot-bottle/backend';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { expect } from 'vitest';
import { reachOwner, type LiveOwner } from './live-owner.ts';
import { tempHome, type Outcome, type TempHome } from './temp-home.ts';

export type EgressBlock = Extract<ProposalRequest, { kind: 'egress-block' }>;

export const reach = (changes: Partial<EgressBlock> = {}): EgressBlock => ({
  kind: 'egress-block',
  host: 'new.example.com',
  ports: [443],
  path_allowlist: ['/v1'],
  methods: ['GET'],
  minutes: 10,
  justification: 'the documentation says so',
  ...changes,
});

export const bottleFile = `---
# What this bottle may do.
agent_provider: { template: command }
supervise: true
egress:
  routes:
    - host: "api.example.com" # the API
      methods: [GET]
      auth: { scheme: Bearer, token_ref: API_TOKEN }
    # documentation
    - host: docs.example.com
      path_allowlist:
        - /guide
---
For the API.
`;

export interface ReachWorld extends TempHome {
  readonly owner: LiveOwner;
  readonly ids: readonly string[];
  readonly file: string;
  readonly routes: () => Promise<RoutesView>;
  readonly states: () => Promise<readonly string[]>;
  readonly audited: () => Promise<AuditLine[]>;
  readonly edit: (
    args: readonly string[],
    script: string,
    more?: Readonly<Record<string, string>>,
  ) => Promise<Outcome>;
  /** what an editor script put beside itself */
  readonly said: (name: string) => string;
}

/** A home with a running bottle that has routes, and whose agent asked for reach. */
export async function reachWorld(
  requests: readonly ProposalRequest[] = [],
  options: { readonly bottle?: string; readonly tables?: 'applies' | 'refuses' | 'edits' } = {},
): Promise<ReachWorld> {
  const world = tempHome();
  const file = world.write('home/bottles/plain.md', options.bottle ?? bottleFile);
  const owner = await reachOwner(world, requests, [options.tables ?? 'applies', file]);
  await expect
    .poll(() => owner.warnings.filter((line) => line.includes(' asks: ')))
    .toHaveLength(requests.length);
  const rows = async (): Promise<ReadonlyArray<{ id: string; state: string }>> =>
    JSON.parse((await world.cli(['supervise', 'list', '--all', '--json'])).out) as {
      id: string;
      state: string;
    }[];
  const client = new ControlClient(controlSocketPath(join(world.dir, 'run', 'bot-bottle'), owner.identity));
  return {
    ...world,
    owner,
    file,
    ids: (await rows()).map(({ id }) => id),
    states: async () => (await rows()).map(({ state }) => state),
    routes: async () => await client.routes(),
    audited: async () => {
      const lines: AuditLine[] = [];
      for await (const line of readAudit(join(world.home, 'audit'), owner.identity)) lines.push(line);
      return lines;
    },
    edit: async (args, script, more = {}) => {
      const editor = editorScript(world, script);
      const done = await world.cli(args, { EDITOR: editor, VISUAL: '', ...more });
      const edited = join(world.dir, 'path');
      if (existsSync(edited)) expect(existsSync(readFileSync(edited, 'utf8').trim())).toBe(false);
      return done;
    },
    said: (name) => readFileSync(join(world.dir, name), 'utf8'),
  };
}

/** A program that edits `$1`; `$dir` is a folder of the test. */
export function editorScript(world: TempHome, script: string): string {
  const { dir } = world;
  const file = world.write('editor.sh', `#!/bin/sh\ndir='${dir}'\nprintf %s "$1" > "$dir/path"\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** The rows that a grant added. */
export const grantsOf = ({ table }: RoutesView): RoutesView['table']['routes'] =>
  table.routes.filter(({ owner }) => owner === 'grant');
