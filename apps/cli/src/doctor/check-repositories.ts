import { visibleLine } from '@bot-bottle/audit';
import { BackendError, readKeyFile } from '@bot-bottle/backend';
import type { GitRepoManifest } from '@bot-bottle/manifest';
import type { Io } from '../io.ts';
import type { Check } from './check-machine.ts';
import { probeUpstream, type UpstreamProbe } from './probe-upstream.ts';

/** A host key as a server shows it, for the manifest. */
export interface ShownHostKey {
  readonly repo: string;
  readonly host: string;
  readonly port: number;
  /** `<type> <base64>` */
  readonly host_key: string;
  /** whether it is the one of the manifest; anything else somebody has to compare */
  readonly verified: boolean;
}

export interface RepositoryChecks {
  readonly checks: readonly Check[];
  readonly hostKeys: readonly ShownHostKey[];
}

/** Whether the git gate would reach each repository, with its key, and meet the declared host key. */
export async function checkRepositories(
  repos: readonly GitRepoManifest[],
  { env }: Pick<Io, 'env'>,
): Promise<RepositoryChecks> {
  const checked = await Promise.all(repos.map(async (repo) => await checkRepository(repo, env)));
  return {
    checks: checked.map(({ check }) => check),
    hostKeys: checked.flatMap(({ hostKey }) => (hostKey === null ? [] : [hostKey])),
  };
}

async function checkRepository(
  repo: GitRepoManifest,
  env: Io['env'],
): Promise<{ readonly check: Check; readonly hostKey: ShownHostKey | null }> {
  const { name: repoName, host, port, user, hostKey } = repo;
  const name = `git ${repoName}`;
  const bad = (detail: string, remedy: string | null): Check => ({
    name,
    status: 'missing',
    detail: visibleLine(detail, 300),
    remedy: remedy === null ? null : visibleLine(remedy, 500),
  });
  let key: string | null = null;
  let ownProblem: Check | null = null;
  if (repo.key.kind === 'provisioned') {
    const { tokenRef } = repo.key;
    if ((env[tokenRef] ?? '') === '') {
      ownProblem = bad(`the forge token ${tokenRef} is not set`, `export ${tokenRef}, then try again`);
    }
  } else {
    try {
      key = await readKeyFile(repo.key.path);
    } catch (error) {
      if (!BackendError.isInstance(error)) throw error;
      ownProblem = bad(error.message, error.hint);
    }
  }
  const probe = await probeUpstream({ user, host, port, hostKey }, key);
  const shown = probe.offered;
  return {
    check: ownProblem ?? verdict(repo, probe, bad),
    hostKey:
      shown === null
        ? null
        : { repo: repoName, host, port, host_key: visibleLine(shown, 8192), verified: isVerified(probe) },
  };
}

const isVerified = ({ outcome }: UpstreamProbe): boolean =>
  outcome === 'key-accepted' || outcome === 'host-key-matches' || outcome === 'key-refused';

function verdict(
  repo: GitRepoManifest,
  probe: UpstreamProbe,
  bad: (detail: string, remedy: string | null) => Check,
): Check {
  const { name, host, port, user } = repo;
  const place = `${user}@${host}:${port}`;
  const ok = (detail: string): Check => ({
    name: `git ${name}`,
    status: 'ok',
    detail: visibleLine(detail, 300),
    remedy: null,
  });
  switch (probe.outcome) {
    case 'key-accepted':
      return ok(`${place}: host key as declared, key accepted`);
    case 'host-key-matches':
      return ok(`${place}: host key as declared; its key is made at launch`);
    case 'unverified':
      return bad(
        `${place}: no host_key is declared, so the gate refuses it`,
        'bot-bottle doctor with --host-keys prints it; compare it with what the forge publishes',
      );
    case 'host-key-differs':
      return bad(
        `${place} SHOWS ANOTHER HOST KEY than the manifest declares`,
        'somebody may be in between; if the forge has announced a new key, change host_key',
      );
    case 'key-refused':
      return bad(
        `${place} refuses the key`,
        repo.key.kind === 'identity'
          ? `add ${repo.key.path}.pub to the repository at the forge, or correct \`identity\``
          : null,
      );
    case 'key-unreadable':
      return bad(
        `${place} was not tried: this check does not know the form of the key, though ssh may`,
        'ssh-keygen -p -f FILE writes it in the form of OpenSSH',
      );
    case 'unreachable':
      return bad(
        `${place} is not reached: ${probe.why ?? 'no reason given'}`,
        'correct `url`, or check the network',
      );
  }
}
