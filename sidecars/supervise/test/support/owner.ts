import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { AuditLog, readAudit } from '@bot-bottle/audit';
import type { AuditLine } from '@bot-bottle/audit';
import { LauncherChannel, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import {
  ProposalDesk,
  proposalDigest,
  QueueStore,
  SuperviseError,
  superviseQuerySchema,
} from '@bot-bottle/supervise';
import type { Grant, OpenProposal, ProposalApplier, SuperviseQuery } from '@bot-bottle/supervise';
import { expect, onTestFinished } from 'vitest';
import { tempDir } from './temp-dir.ts';

export const bottle = 'worker-abcde';

/** What the owner of a bottle does for a supervise sidecar, with a real desk, queue and audit log. */
export interface Owner {
  readonly desk: ProposalDesk;
  readonly queries: SuperviseQuery[];
  /** most questions at a time that waited for the end of a proposal */
  mostWaiting: number;
  /** proposals that arrived over a channel, taken or not */
  readonly proposals: unknown[];
  readonly granted: Grant[];
  /** what is answered to questions for routes; may be changed */
  routes: unknown;
  /** set to let no event be written */
  auditFails: boolean;
  /** set to answer nothing any more */
  isDeaf: boolean;
  connect(stdin: Writable, stdout: Readable): LauncherChannel;
  /** waits for one that is open */
  open(): Promise<OpenProposal>;
  approve(grant?: Grant | null): Promise<void>;
  reject(reason: string): Promise<void>;
  events(): Promise<AuditLine[]>;
}

const applier = (granted: Grant[]): ProposalApplier => ({
  check: (request) => {
    if (request.kind === 'egress-block' && request.host === 'never.example.com')
      throw new SuperviseError('invalid_proposal', 'host: this one never');
  },
  // without it a proposal is approved as it is or not at all
  review: () => undefined,
  apply: async ({ request }, { grant }) => {
    if (request.kind !== 'egress-block') throw new SuperviseError('invalid_grant', 'asks for no reach');
    const { host, ports, path_allowlist, methods, minutes } = request;
    const given = grant ?? { host, ports, path_allowlist, methods, minutes, inject: false };
    granted.push(given);
    const outcome = grant === null || grant === undefined ? 'approved' : 'modified';
    return { outcome, text: `allowed ${given.host}`, grant: given };
  },
});

export async function startOwner(): Promise<Owner> {
  const folder = await tempDir();
  const auditDir = join(folder, 'audit');
  const audit = await AuditLog.open({ dir: auditDir, bottle, repeatWindowMs: 0 });
  onTestFinished(async () => await audit.close().catch(() => undefined));
  const granted: Grant[] = [];
  const desk = await ProposalDesk.open({
    bottle,
    queue: new QueueStore(join(folder, 'queue'), bottle),
    audit,
    onNotice: () => undefined,
    onWarning: () => undefined,
    appliers: { 'egress-block': applier(granted) },
  });
  onTestFinished(async () => void (await desk.close()));
  let waiting = 0;
  const owner: Owner = {
    desk,
    queries: [],
    mostWaiting: 0,
    proposals: [],
    granted,
    routes: { routes: [] },
    auditFails: false,
    isDeaf: false,
    connect: (stdin, stdout) => {
      const source = desk.connect('supervise', async () => undefined);
      const deaf = new Promise<never>(() => undefined);
      const channel = new LauncherChannel({
        stdin,
        stdout,
        onAudit: async (events) => {
          if (owner.auditFails) throw new Error('the disk is full');
          if (owner.isDeaf) await deaf;
          await audit.append(events, { only: 'supervise' });
        },
        onProposal: async (raw) => {
          owner.proposals.push(raw);
          return owner.isDeaf ? await deaf : await source.propose(raw);
        },
        onQuery: async (raw, signal) => {
          const query = superviseQuerySchema.parse(raw);
          owner.queries.push(query);
          if (owner.isDeaf) return await deaf;
          if (query.query === 'proposal') {
            if (query.wait_ms > 0) waiting += 1;
            owner.mostWaiting = Math.max(owner.mostWaiting, waiting);
            const status = await source.status(query.id, query.wait_ms, signal);
            if (query.wait_ms > 0) waiting -= 1;
            return status;
          }
          if (owner.routes instanceof ProtocolRefusal) throw owner.routes;
          return owner.routes;
        },
      });
      void channel.closed.then(() => source.gone());
      return channel;
    },
    open: async () => {
      await expect.poll(() => desk.list().length, { timeout: 10_000 }).toBeGreaterThan(0);
      const [first] = desk.list();
      if (first === undefined) throw new Error('nothing is open');
      return first;
    },
    approve: async (grant = null) => {
      const { proposal } = await owner.open();
      const { id } = proposal;
      const digest = proposalDigest(proposal);
      await desk.decide({ id, digest, outcome: 'approved', reason: 'fine', by: 'op', grant });
    },
    reject: async (reason) => {
      const { proposal } = await owner.open();
      const digest = proposalDigest(proposal);
      await desk.decide({ id: proposal.id, digest, outcome: 'rejected', reason, by: 'op' });
    },
    events: async () => {
      const lines: AuditLine[] = [];
      for await (const line of readAudit(auditDir, bottle)) if (line.layer === 'supervise') lines.push(line);
      return lines;
    },
  };
  return owner;
}

export const entry = (host: string): object => ({
  host,
  ports: [443],
  path_allowlist: ['/v1/'],
  methods: ['GET'],
  authorization: 'strip',
  agent_headers: [],
  env_secrets: [],
  git: { fetch: false },
  dlp: { outbound: ['tokens'], inbound: false, on_match: 'block' },
});
