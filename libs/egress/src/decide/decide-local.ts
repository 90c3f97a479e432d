import type { RequestHead } from '../http1/request-head.ts';
import { deny } from './decision.ts';
import type { DenyDecision, LocalDecision } from './decision.ts';

const answers: Readonly<Record<string, LocalDecision['what']>> = {
  '/allowlist': 'allowlist',
  '/health': 'health',
};

/** Step 2: what egress answers itself; nothing else under its own name exists. */
export function decideLocal(
  head: RequestHead,
  to: { readonly scheme: 'https' | 'http'; readonly port: number } = { scheme: 'http', port: 80 },
): LocalDecision | DenyDecision {
  if (to.scheme !== 'http' || to.port !== 80) {
    return deny('port_not_allowed', { message: 'Egress itself answers plain HTTP on port 80 only.' });
  }
  const path = head.path.split('?')[0] ?? '';
  const what = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (what === undefined) {
    return deny('path_not_allowed', { message: 'Egress itself answers /allowlist and /health only.' });
  }
  if (head.method !== 'GET' && head.method !== 'HEAD') {
    return deny('method_not_allowed', { message: 'Egress itself answers GET and HEAD only.' });
  }
  return { kind: 'local', what };
}
