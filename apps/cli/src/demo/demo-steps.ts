import type { AgentReport } from './agent-script.ts';
import type { SeenRequest } from './demo-api.ts';

/** One thing that the demo shows. */
export interface DemoStep {
  readonly title: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** What the demo found out, in the bottle and around it. */
export interface DemoFacts {
  readonly report: AgentReport;
  readonly requests: readonly SeenRequest[];
  /** whether the API token was anywhere in what the agent can read */
  readonly tokenInBottle: boolean;
  /** whether the API token or a proper part of its encodings came back to the agent */
  readonly tokenInAnswers: boolean;
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
    step(
      'nothing can be reached directly',
      'outside ENETUNREACH, the API itself ECONNREFUSED',
      `outside ${report.outside}, the API itself ${report.upstream}`,
    ),
    step(
      'the audit log holds it all, and verifies',
      'chain intact, 4 kinds of denial recorded',
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
