import { tableDigest } from '@bot-bottle/egress';
import { proposalDigest, type OpenProposal } from '@bot-bottle/supervise';
import { setTimeout as delay } from 'node:timers/promises';
import { expectThat, type LaunchContext, type ParityOutcome } from '../parity-case.ts';
import type { ParityLaunched } from '../parity-launcher.ts';
import { node } from '../in-bottle.ts';
import { launchCases } from './make-cases.ts';
import { withLaunched } from './env-cases.ts';

const asking: { readonly bottle: Record<string, unknown> } = { bottle: { supervise: true } };

/** Calls a method of MCP as an agent would, as soon as the sidecar listens, and gives the answer's text. */
async function call(launched: ParityLaunched, method: string, params: unknown): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return await node(
    launched.bottle,
    `const options = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
  body: ${JSON.stringify(body)},
};
let answer = null;
for (let tries = 0; answer === null && tries < 300; tries += 1) {
  answer = await fetch('http://supervise:9100/mcp', options).catch(() => null);
  if (answer === null) await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(await answer.text());
process.exit();`,
    { timeoutMs: 90_000 },
  );
}

const request = {
  host: 'packages.parity.test',
  ports: [443],
  methods: ['GET'],
  path_allowlist: ['/simple'],
  justification: 'the build needs a package',
};
const ask = (launched: ParityLaunched): Promise<string> =>
  call(launched, 'tools/call', { name: 'egress-block', arguments: request });

/** The one proposal that waits; the case's own limit ends the waiting. */
async function proposal({ client }: ParityLaunched): Promise<OpenProposal> {
  for (;;) {
    const [open] = await client.proposals();
    if (open !== undefined) return open;
    await delay(50);
  }
}

async function decide(
  launched: ParityLaunched,
  outcome: 'approved' | 'rejected',
): Promise<{ readonly answer: string; readonly hosts: readonly string[] }> {
  const answering = ask(launched);
  const open = await proposal(launched);
  const { table } = await launched.client.routes();
  await launched.client.decide({
    id: open.proposal.id,
    digest: proposalDigest(open.proposal),
    table: outcome === 'approved' ? tableDigest(table) : null,
    by: 'parity',
    outcome,
    reason: 'as the kit wants it',
    grant: null,
  });
  const answer = await answering;
  const routes = await launched.client.routes();
  return { answer, hosts: routes.table.routes.map(({ host }) => host) };
}

async function tools(launched: ParityLaunched): Promise<readonly string[]> {
  const answer = await call(launched, 'tools/list', {});
  return [...answer.matchAll(/"name":"([a-z-]+)"/g)].map(([, name = '']) => name);
}

export const remediationCases = launchCases('Questions of the agent', {
  'puts an approval into force and tells the agent': async (context) => {
    await withLaunched(context, asking, async (launched) => {
      const { answer, hosts } = await decide(launched, 'approved');
      expectThat(context, /approved/.test(answer) && hosts.includes(request.host), 'it is granted', answer);
    });
  },
  'tells a rejection with its reason, and opens nothing': async (context) => {
    await withLaunched(context, asking, async (launched) => {
      const { answer, hosts } = await decide(launched, 'rejected');
      const isTold = /rejected/.test(answer) && answer.includes('as the kit wants it');
      expectThat(context, isTold && !hosts.includes(request.host), 'it is refused', { answer, hosts });
    });
  },
  'offers to rebuild its image (capability-block)': async (
    context: LaunchContext,
  ): Promise<ParityOutcome> => {
    const { rebuild } = context.backend.capabilities;
    return await withLaunched(context, asking, async (launched) => {
      const offered = await tools(launched);
      expectThat(context, offered.includes('egress-block'), 'the tools are listed', offered);
      const isOffered = offered.includes('capability-block');
      expectThat(context, isOffered === rebuild, 'it is offered exactly where it can be done', offered);
      if (rebuild) return;
      const answer = await call(launched, 'tools/call', {
        name: 'capability-block',
        arguments: { dockerfile: 'FROM x', justification: 'x' },
      });
      const open = await launched.client.proposals();
      expectThat(context, /error/i.test(answer) && open.length === 0, 'it cannot be called', answer);
      return 'not offered';
    });
  },
});
