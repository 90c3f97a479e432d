import { mkdtemp, rm } from 'node:fs/promises';
import type { AuditEvent } from '@bot-bottle/audit';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import type { PushRequest } from '@bot-bottle/supervise';
import { createGitGateServer } from '../src/git-gate-server.ts';
import type { GitGateServer } from '../src/git-gate-server.ts';
import { createClient } from './support/client.ts';
import type { Client } from './support/client.ts';
import { gateInput } from './support/gate.ts';
import type { GateOptions } from './support/gate.ts';
import { createUpstream } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

export interface FixtureOptions extends Omit<GateOptions, 'upstream' | 'repos'> {
  readonly push?: NonNullable<GateOptions['repos'][number]['push']>;
  readonly audit?: (event: AuditEvent) => Promise<void>;
  readonly propose?: (request: PushRequest) => Promise<unknown>;
}

/** A gate with one repository, `project`, whose launcher is the test itself. */
export interface PushFixture {
  readonly upstream: Upstream;
  readonly server: GitGateServer;
  readonly client: Client;
  readonly port: number;
  readonly events: AuditEvent[];
  readonly logs: LogRecord[];
  /** what was proposed; answered with ids `0000000000000000`, … unless `propose` is given */
  readonly proposals: PushRequest[];
  /** Resolves when so many proposals are there. */
  proposed(count: number): Promise<void>;
  close(): Promise<void>;
}

export const proposalIdOf = (index: number): string => index.toString(36).padStart(16, '0');

/** Starts everything; the work tree `repo` is a clone of the upstream's one commit on `main`. */
export async function pushFixture(options: FixtureOptions = {}): Promise<PushFixture> {
  const folder = await mkdtemp('/tmp/git-gate-push-');
  const upstream = await createUpstream();
  const events: AuditEvent[] = [];
  const logs: LogRecord[] = [];
  const proposals: PushRequest[] = [];
  const wakes: Array<() => void> = [];
  await upstream.addRepo('project');
  const { push, audit, propose, ...gate } = options;
  const repo = { name: 'project', ...(push === undefined ? {} : { push }) };
  const server = createGitGateServer({
    ...gateInput({ ...gate, upstream, repos: [repo] }, folder),
    audit: async (event) => {
      events.push(event);
      await audit?.(event);
    },
    propose: async (request) => {
      proposals.push(request);
      for (const wake of wakes.splice(0)) wake();
      return await (propose?.(request) ?? { id: proposalIdOf(proposals.length - 1) });
    },
    log: (record) => logs.push(record),
  });
  const [address = ''] = await server.listen();
  const port = Number(address.split(':')[1]);
  const client = await createClient();
  await client.must('clone', '-q', `http://127.0.0.1:${port}/project.git`, 'repo');
  return {
    upstream,
    server,
    client,
    port,
    events,
    logs,
    proposals,
    proposed: async (count) => {
      while (proposals.length < count) await new Promise<void>((resolve) => wakes.push(resolve));
    },
    close: async () => {
      // a client of a test that failed may still be running
      const ended = await Promise.allSettled([server.close(), upstream.stop()]);
      await client.remove();
      await rm(folder, { recursive: true, force: true });
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
    },
  };
}
