import { createClient } from '../client.ts';
import type { Client } from '../client.ts';
import type { AnyCase } from './corpus-gates.ts';
import type { Work } from './contracts.ts';

export interface PreparedWork {
  readonly client: Client;
  /** arguments after `git push <url>` */
  readonly args: readonly string[];
  readonly remove: () => Promise<void>;
}

const person = 'Agent <agent@example.com> 1700000100 +0000';

/** Clones through the gate and does what the case says, on the branch `agent/work`. */
export async function prepareWork(url: string, each: AnyCase): Promise<PreparedWork> {
  const client = await createClient({ config: { 'commit.gpgSign': 'false', 'core.autocrlf': 'false' } });
  try {
    await client.must('clone', '-q', url, 'repo');
    await client.must('-C', 'repo', 'checkout', '-q', '-b', 'agent/work');
    const args = await each.make(workAt(client));
    const branch = await client.must('-C', 'repo', 'branch', '--show-current');
    return { client, args: args ?? [`HEAD:refs/heads/${branch}`], remove: () => client.remove() };
  } catch (error) {
    await client.remove();
    throw error;
  }
}

function workAt(client: Client): Work {
  const git = (...args: readonly string[]): Promise<string> => client.must('-C', 'repo', ...args);
  const feed = async (input: string | Uint8Array, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await client.run(['-C', 'repo', ...args], { input });
    if (code !== 0) throw new Error(`git ${args.join(' ')}: exit ${code}: ${stderr}`);
    return stdout.trim();
  };
  const object: Work['object'] = (type, content) =>
    feed(content, 'hash-object', '-t', type, '--literally', '-w', '--stdin');
  return {
    client,
    git,
    feed,
    write: (path, content) => client.write(`repo/${path}`, content),
    commit: (files, message) => client.commit('repo', files, message),
    object,
    rawCommit: async (parts = {}) => {
      const tree = parts.tree ?? (await git('rev-parse', 'HEAD^{tree}'));
      const parents = parts.parents ?? [await git('rev-parse', 'HEAD')];
      const head = [
        `tree ${tree}\n`,
        ...parents.map((parent) => `parent ${parent}\n`),
        `author ${parts.author ?? person}\n`,
        `committer ${parts.committer ?? person}\n`,
        parts.headers ?? '',
      ].join('');
      return await object('commit', `${head}\n${parts.message ?? 'by hand\n'}`);
    },
  };
}
