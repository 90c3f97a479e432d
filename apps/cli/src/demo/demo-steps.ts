import type { DemoBackend } from '../parse-options.ts';
import type { AgentReport } from './agent-report.ts';
import type { SeenRequest } from './demo-api.ts';
import type { OperatorFacts } from './demo-operator.ts';

/** One thing that the demo shows. */
export interface DemoStep {
  readonly title: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** What the demo found out, in the bottle and around it. */
export interface DemoFacts {
  readonly backend: DemoBackend;
  readonly report: AgentReport;
  readonly operator: OperatorFacts;
  readonly requests: readonly SeenRequest[];
  /** whether the API token was anywhere in what the agent can read */
  readonly tokenInBottle: boolean;
  /** whether the API token or a proper part of its encodings came back to the agent */
  readonly tokenInAnswers: boolean;
  /** branches that arrived at the git upstream */
  readonly branches: readonly string[];
  /** every object that the git upstream has */
  readonly upstreamObjects: string;
  /** whether the key of the git upstream was anywhere in what the agent can read */
  readonly deployKeyInBottle: boolean;
  readonly audit: { readonly ok: boolean; readonly lines: number; readonly denied: number };
  /** files left on the host that hold a secret in any encoding */
  readonly filesWithSecrets: readonly string[];
  readonly filesSearched: number;
  readonly token: string;
}

/** The steps with what was expected and what was seen; pure, so that each can be tested to fail. */
export function demoSteps(facts: DemoFacts): DemoStep[] {
  const { report, requests } = facts;
  const hello = requests.filter(({ path }) => path === '/v1/hello');
  const gotToken =
    hello.length > 0 && hello.every(({ authorization }) => authorization === `Bearer ${facts.token}`);
  const reached = (path: string, method: string): boolean =>
    requests.some((request) => request.path === path && request.method === method);
  const arrived = (branch: string): boolean =>
    facts.branches.includes(branch) || facts.upstreamObjects.includes(`${branch}_token`);
  return [
    step(
      'a declared API answers, with a credential that egress adds',
      'status 200, and the API got the real token',
      `${outcome(report.allowed)}, and the API got ${gotToken ? 'the real token' : 'another credential'}`,
    ),
    step(
      'the agent does not have that credential',
      'in no variable, file or process that it can read',
      facts.tokenInBottle ? 'found in the bottle' : 'in no variable, file or process that it can read',
    ),
    step(
      'an API that echoes the credential does not give it away',
      'status 200, the credential overwritten',
      `${outcome(report.echo)}, the credential ${facts.tokenInAnswers ? 'readable' : 'overwritten'}`,
    ),
    step('an undeclared host is denied', 'denied: host_not_allowed, as JSON', denial(report.host)),
    step('another method is denied', 'denied: method_not_allowed, as JSON', denial(report.method)),
    step('another path is denied', 'denied: path_not_allowed, as JSON', denial(report.path)),
    step(
      'a secret in a body, base64, does not leave',
      'denied: dlp_blocked, as JSON; the API saw nothing',
      `${denial(report.leak)}; the API saw ${reached('/v1/notes', 'POST') ? 'it' : 'nothing'}`,
    ),
    step(
      'there is no DNS',
      'no name resolves',
      report.dns === 'resolved' ? 'a name resolved' : 'no name resolves',
    ),
    step('nothing can be reached directly', ...direct(facts)),
    step(
      'git clones a declared remote, without its key',
      'exit code 0, the key in no file or process that the agent can read',
      `exit code ${report.clone.code ?? 'none'}, the key ${facts.deployKeyInBottle ? 'found in the bottle' : 'in no file or process that the agent can read'}`,
    ),
    step(
      'a clean push arrives upstream',
      'exit code 0, feature is upstream',
      `exit code ${report.cleanPush.code ?? 'none'}, feature is ${facts.branches.includes('feature') ? '' : 'not '}upstream`,
    ),
    step(
      'a push with a secret is refused, and says why',
      'refused: secret_found in config.ini:1; nothing of it is upstream',
      `${refusal(report.secretPush)}; ${arrived('leak') ? 'it is' : 'nothing of it is'} upstream`,
    ),
    step(
      'so is one whose secret a later commit removes',
      'refused: secret_found in config.ini:1; nothing of it is upstream',
      `${refusal(report.hiddenPush)}; ${arrived('hidden') ? 'it is' : 'nothing of it is'} upstream`,
    ),
    step(
      'a denial says how to ask, and the agent asks through MCP',
      'by egress-block; the human is shown host, path and risks',
      `${report.tools.includes('egress-block') ? 'by egress-block' : 'no such tool'}; the human is shown ${shownTo(facts.operator)}`,
    ),
    step(
      'a human approves for seconds, and the same request passes, with nothing started anew',
      'approved; status 200; the API got no credential',
      `${report.asked.status}; ${outcome(report.granted)}; the API got ${adminCredential(requests)}`,
    ),
    step(
      'when the time is over, it is denied again',
      'denied: path_not_allowed, as JSON',
      denial(report.expired),
    ),
    step(
      'the audit log holds it all, and verifies',
      'chain intact, 5 kinds of denial recorded',
      `chain ${facts.audit.ok ? 'intact' : 'broken'}, ${facts.audit.denied} kinds of denial recorded`,
    ),
    step(
      'nothing that is left on this machine holds a secret',
      'no file, in any encoding',
      facts.filesSearched === 0 || facts.filesWithSecrets.length > 0
        ? `${facts.filesWithSecrets.length} of ${facts.filesSearched} files`
        : 'no file, in any encoding',
    ),
  ];
}

const step = (title: string, expected: string, seen: string): DemoStep => ({
  title,
  expected,
  seen,
  ok: expected === seen,
});

function outcome({ status, error, deny }: AgentReport['allowed']): string {
  if (status === null) return `failed: ${error ?? 'no answer'}`;
  return deny === null ? `status ${status}` : `denied: ${deny}`;
}

/** What of a proposal reached the human's eyes. */
function shownTo({ shown, outcome: result }: OperatorFacts): string {
  if (shown === '') return result;
  const missing = ['/admin', 'risk', 'widens what this bottle may do'].filter(
    (part) => !shown.includes(part),
  );
  return missing.length === 0 ? 'host, path and risks' : `a proposal without ${missing.join(', ')}`;
}

function adminCredential(requests: readonly SeenRequest[]): string {
  const admin = requests.filter(({ path }) => path === '/admin');
  if (admin.length === 0) return 'no request';
  return admin.every(({ authorization }) => authorization === '') ? 'no credential' : 'a credential';
}

/** What git told the agent on its terminal. */
function refusal({ code, said }: AgentReport['secretPush']): string {
  const reason = /^remote: git-gate: (\w+): (\S+:\d+)/m.exec(said);
  if (code === 0) return 'accepted';
  return reason === null
    ? `failed without a reason: ${said.slice(0, 200)}`
    : `refused: ${reason[1]} in ${reason[2]}`;
}

/** A denial counts only with its machine-readable body. */
function denial(answer: AgentReport['allowed']): string {
  const { deny, body } = answer;
  if (deny === null) return outcome(answer);
  let isContract = false;
  try {
    const parsed: unknown = JSON.parse(body);
    isContract = typeof parsed === 'object' && parsed !== null && 'code' in parsed && parsed.code === deny;
  } catch {
    isContract = false;
  }
  return `denied: ${deny}, ${isContract ? 'as JSON' : 'without its JSON'}`;
}

/** Without any network the kernel refuses at once; on a network that leads nowhere it looks for a neighbour first. */
function direct({ backend, report: { outside, upstream } }: DemoFacts): readonly [string, string] {
  if (backend === 'bubblewrap')
    return [
      'outside ENETUNREACH, the API itself ECONNREFUSED',
      `outside ${outside}, the API itself ${upstream}`,
    ];
  const isClosed = [outside, upstream].every((seen) => /^(?:timeout|ENETUNREACH|EHOSTUNREACH)$/.test(seen));
  const expected = 'neither the outside nor the API itself answers';
  return [expected, isClosed ? expected : `outside ${outside}, the API itself ${upstream}`];
}
