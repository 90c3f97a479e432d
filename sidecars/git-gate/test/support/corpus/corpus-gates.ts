import { gitleaks, startGate } from '../gate.ts';
import type { Gate } from '../gate.ts';
import { createUpstream } from '../sshd.ts';
import type { Upstream } from '../sshd.ts';
import { corpusVariable } from './contracts.ts';
import type { PassingCase, RefusedCase } from './contracts.ts';
import { prepareWork } from './prepare-work.ts';
import type { PreparedWork } from './prepare-work.ts';
import { corpusCanary, corpusValue } from './refused-forms.ts';

export const scanners = ['builtin', 'gitleaks'] as const;
export type Scanner = (typeof scanners)[number];

export type AnyCase = RefusedCase | PassingCase;

/** What became of one push of the corpus. */
export interface Pushed {
  readonly code: number | null;
  /** everything that the client was told */
  readonly told: string;
  /** everything that the gate recorded of it */
  readonly recorded: string;
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly mirror: ReadonlyMap<string, string> | null;
}

export interface CorpusGates {
  readonly push: (index: number, scanner: Scanner) => Promise<Pushed>;
  readonly close: () => Promise<void>;
}

const nameAt = (index: number): string => `case-${index}`;

/** One upstream, one gate for each scanner, a repository of its own for each case at each. */
export async function startCorpus(cases: readonly AnyCase[]): Promise<CorpusGates> {
  const upstream = await createUpstream();
  const gates = new Map<Scanner, Gate>();
  const prepared = new Map<number, Promise<PreparedWork>>();
  const close = async (): Promise<void> => {
    for (const work of prepared.values()) await (await work.catch(() => null))?.remove();
    for (const gate of gates.values()) await gate.close();
    await upstream.stop();
  };
  try {
    for (const scanner of scanners) {
      if (scanner === 'gitleaks' && gitleaks === null) continue;
      gates.set(scanner, await startCorpusGate(upstream, scanner, cases));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    push: async (index, scanner) => {
      const gate = gates.get(scanner);
      const each = cases[index];
      if (gate === undefined || each === undefined) throw new Error(`no gate for ${scanner}`);
      const name = `${scanner}-${nameAt(index)}`;
      await upstream.addRepo(name, each.upstream === undefined ? {} : { commits: each.upstream });
      const before = await upstream.refs(name);
      const isOf = new RegExp(`\\b${nameAt(index)}\\b`);
      let work = prepared.get(index);
      if (work === undefined) {
        work = prepareWork(gate.url(nameAt(index)), each);
        prepared.set(index, work);
      }
      const { client, args } = await work;
      const { code, stdout, stderr } = await client.git(
        '-C',
        'repo',
        'push',
        gate.url(nameAt(index)),
        ...args,
      );
      return {
        code,
        told: stdout + stderr,
        recorded: [...gate.events, ...gate.logs]
          .map((record) => JSON.stringify(record))
          .filter((record) => isOf.test(record))
          .join('\n'),
        before,
        after: await upstream.refs(name),
        mirror: await gate.mirrorRefs(nameAt(index)),
      };
    },
    close,
  };
}

function startCorpusGate(upstream: Upstream, scanner: Scanner, cases: readonly AnyCase[]): Promise<Gate> {
  return startGate({
    upstream,
    scanner,
    envSecrets: { [corpusVariable]: corpusValue },
    canary: corpusCanary,
    repos: cases.map((each, index) => ({
      name: nameAt(index),
      upstreamName: `${scanner}-${nameAt(index)}`,
      ...(each.policy === undefined ? {} : { push: each.policy }),
    })),
  });
}
