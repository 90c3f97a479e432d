import { lentCredential, type Grant } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { ShownProposal } from './shown-proposal.ts';
import type { SuperviseOptions } from './supervise-options.ts';

/**
 * What `approve` gives: as asked (null), or with another time or the credential.
 *
 * @throws CliError `usage`, `refused`
 */
export function grantFrom({ proposal, view }: ShownProposal, options: SuperviseOptions): Grant | null {
  const { minutes, session, withCredential, save } = options;
  const { request } = proposal;
  const given = [
    ...(minutes === null ? [] : ['--minutes']),
    ...(session ? ['--session'] : []),
    ...(withCredential ? ['--with-credential'] : []),
    ...(save ? ['--save'] : []),
  ];
  if (given.length === 0) return null;
  if (request.kind !== 'egress-block') {
    const verb = given.length === 1 ? 'is' : 'are';
    throw new CliError(
      'usage',
      `${given.join(' and ')} ${verb} for egress-block, and this is ${request.kind}`,
    );
  }
  if (withCredential && (view === null || lentCredential(request.host, view.table) === null)) {
    throw new CliError('refused', `no route of ${request.host} has a credential: nothing was decided`, {
      hint: 'leave out --with-credential',
    });
  }
  return {
    host: request.host,
    ports: request.ports,
    path_allowlist: request.path_allowlist,
    methods: request.methods,
    minutes: session || save ? null : (minutes ?? request.minutes),
    inject: withCredential,
  };
}
