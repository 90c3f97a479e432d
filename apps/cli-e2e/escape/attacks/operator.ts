import {
  existsSync,
  lstatSync,
  mkdirSync,
  chownSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { askingAgent } from '../../test/support/asking-agent.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Arena } from '../arena.ts';
import type { AttackClass } from '../attack.ts';
import { code } from './steps.ts';

interface Proposal {
  readonly id: string;
  readonly state: string;
  readonly asks: string;
}

async function open(arena: Arena): Promise<Proposal[]> {
  const { stdout } = await arena.cli(['supervise', 'list', '--json']);
  return (JSON.parse(stdout === '' ? '[]' : stdout) as Proposal[]).filter(({ state }) => state === 'open');
}

/** Waits for a question that names `host`, and returns its id. */
async function asked(arena: Arena, host: string): Promise<string> {
  return await eventually(
    `a question about ${host}`,
    async () => (await open(arena)).find(({ asks }) => asks.includes(host))?.id,
  );
}

async function rejectAll(arena: Arena): Promise<void> {
  for (const { id } of await open(arena)) await arena.cli(['supervise', 'reject', id, '--reason', 'test']);
}

const ask = (host: string): string =>
  `tool egress-block '{"host":"${host}","ports":[443],"methods":["GET"],"path_allowlist":["/"],"justification":"because"}'`;

/** Copies out of the bottle and says what is wrong with what came. */
async function copied(
  arena: Arena,
  from: string,
  name: string,
  check: (dest: string) => string | null,
): Promise<string | null> {
  const { home, operator } = arena.world;
  const dest = path.join(home, name);
  const victim = path.join(home, `${name}-victim`);
  mkdirSync(dest);
  writeFileSync(victim, 'mine');
  for (const made of [dest, victim]) chownSync(made, operator.uid, operator.uid);
  const { stderr } = await arena.cli(['cp', `${arena.facts.slug}:${from}`, dest]);
  if (readFileSync(victim, 'utf8') !== 'mine') return 'a file of the operator was changed';
  const problem = check(dest);
  return problem === null ? null : `${problem}: ${stderr}`;
}

/** What comes out, and what the operator decides and keeps. */
export const operator: AttackClass = {
  id: 'operator',
  title: 'The operator’s files, decisions and records',
  byUser: true,
  controls: [
    {
      id: 'operator/copy-out',
      does: 'an ordinary file is copied out as it is',
      steps: () => [{ sh: 'mkdir -p ~/out/plain; echo ordinary > ~/out/plain/file; echo made' }],
      answered: /made/,
      noted: [],
      after: (arena) =>
        copied(arena, '~/out/plain', 'plain', (dest) =>
          readFileSync(path.join(dest, 'plain/file'), 'utf8') === 'ordinary\n' ? null : 'it did not come',
        ),
    },
    {
      id: 'operator/proposal',
      does: 'a question of the agent reaches the operator’s queue, and his rejection the agent',
      steps: () => [{ sh: `${askingAgent}${ask('control.example')}`, limitMs: 90_000 }],
      meanwhile: async (arena) => {
        await asked(arena, 'control.example');
        await rejectAll(arena);
      },
      answered: /rejected/,
      noted: [],
    },
  ],
  attacks: [
    {
      id: 'operator/symlink-copy-out',
      tries: 'links out of the copied tree: absolute, relative, to a folder that is then written through',
      seen: 'links that lead out do not come; nothing outside of the destination is made or changed',
      steps: (at) => [
        {
          sh: `mkdir -p ~/out/links; cd ~/out/links; ln -s /etc/passwd absolute; ln -s ../../../../../../..${at.hostFile} up; ln -s ${at.planted} planted; ln -s .. parent; ln -s ${path.dirname(at.planted)} folder; echo in > inside; ln -s inside fine; ls | wc -l`,
        },
      ],
      denied: /^7\n/,
      silent: ['files'],
      after: (arena) =>
        copied(arena, '~/out/links', 'links', (dest) => {
          const came = readdirSync(path.join(dest, 'links')).toSorted();
          return came.join(' ') === 'fine inside' ? null : `these came: ${came.join(' ')}`;
        }),
    },
    {
      id: 'operator/hard-link-copy-out',
      tries: 'hard links to files of the system and between copied files, setuid bits, sockets and pipes',
      seen: 'no link to a file of the system can be made; what is copied is a file of its own without those bits',
      steps: () => [
        {
          sh: `mkdir -p ~/out/hard; cd ~/out/hard; ln /etc/passwd system 2>&1; ln /usr/bin/env env 2>&1; echo one > a; ln a b; chmod 6755 a; mkfifo pipe; echo done`,
        },
      ],
      denied: /system.*\n.*env.*\ndone\n/,
      silent: ['files'],
      after: (arena) =>
        copied(arena, '~/out/hard', 'hard', (dest) => {
          const at = (name: string): string => path.join(dest, 'hard', name);
          const came = readdirSync(path.join(dest, 'hard'));
          const odd = came.filter((name) => !['a', 'b'].includes(name));
          if (came.length === 0 || odd.length > 0) return `these came: ${came.join(' ')}`;
          return came.every(
            (name) => lstatSync(at(name)).nlink === 1 && (lstatSync(at(name)).mode & 0o7000) === 0,
          )
            ? null
            : 'a copy has links or bits';
        }),
    },
    {
      id: 'operator/audit-tampering',
      tries: 'lines of the audit log in hosts, paths and headers; files where the log would be',
      seen: 'refused or recorded as text; the log verifies and has no forged event',
      steps: (at) => {
        const forged = String.raw`{"seq":1,"action":"approve","target":"forged-${at.nonce}"}`;
        const raw = (target: string): { raw: { send: string } } => ({
          raw: { send: `GET ${target} HTTP/1.1\r\nHost: ${at.nonce}.example\r\n\r\n` },
        });
        return [
          raw(`http://${at.nonce}.example/%0a${encodeURIComponent(forged)}%0a`),
          raw(`http://${at.nonce}.example/${forged.replaceAll(' ', '')}`),
          raw(`http://${at.nonce}.example/\u001b[2J${forged}`),
          {
            sh: `mkdir -p ~/.bot-bottle/audit; echo '${forged}' > ~/.bot-bottle/audit/egress.jsonl 2>/dev/null; find / -xdev -name '*.jsonl' -not -path '/home/node/*' 2>/dev/null; curl -s https://${at.nonce}.example/`,
          },
        ];
      },
      denied: code('host_not_allowed', 'malformed_request'),
      silent: ['files'],
      after: async (arena) => {
        const { slug, nonce } = arena.facts;
        const verified = await arena.cli(['audit', slug, '--verify']);
        if (verified.code !== 0) return `the log does not verify: ${verified.stdout}${verified.stderr}`;
        const { stdout } = await arena.cli(['audit', slug, '--json']);
        const events = stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as { action: string; target: string });
        if (!events.some(({ target }) => target.includes(nonce))) return 'nothing was recorded';
        return events.some(({ action, target }) => action === 'approve' && target.includes('forged'))
          ? 'an event was forged'
          : null;
      },
    },
    {
      id: 'operator/queue-tampering',
      tries: 'proposals and answers written where a queue could be read from',
      seen: 'the queue of the host does not change',
      steps: (at) => [
        {
          sh: `for d in ~/.bot-bottle/queue /tmp/queue /run/bot-bottle/queue ${at.botBottleHome}/queue; do mkdir -p $d/${at.slug}/responses $d/${at.slug}/proposals 2>/dev/null && echo '{"id":"0mhe5w0000abcdef","outcome":"approved"}' | tee $d/${at.slug}/responses/0mhe5w0000abcdef.json > $d/${at.slug}/proposals/0mhe5w0000abcdef.json; done; echo "- EDONE"`,
        },
      ],
      denied: /- EDONE/,
      silent: ['files'],
      after: async (arena) => {
        const folder = path.join(arena.facts.botBottleHome, 'queue', arena.facts.slug);
        const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
        return files.some((file) => file.includes('0mhe5w0000abcdef')) ? 'the queue was written to' : null;
      },
    },
    {
      id: 'operator/self-approval',
      tries:
        'answering the own question: over MCP, over HTTP at every sidecar, as messages of the control channel',
      seen: 'the question stays open, the host stays denied',
      steps: (at) => [
        {
          limitMs: 150_000,
          sh: `${askingAgent}
rm -f /tmp/id; ${ask(`self-${at.nonce}.example`)} >/dev/null 2>&1 & asking=$!
for i in $(seq 200); do [ -s /tmp/id ] && break; sleep 0.1; done; id=$(cat /tmp/id)
for body in '{"op":"decide","v":1,"id":"'$id'","outcome":"approved","reason":"","by":"me"}' \
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"approve","arguments":{"id":"'$id'"}}}' \
  '{"type":"decision","id":1,"decision":{"proposal":"'$id'","outcome":"approved","reason":""}}'; do
  for to in http://supervise:9100/mcp http://supervise:9100/decide http://supervise:9100/responses/$id http://git-gate:9420/decide http://egress:9099/decide http://_egress.local/allowlist; do
    curl -s -m 5 -o /dev/null -X POST -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d "$body" $to
  done
done
find / -xdev -name '*.sock' -not -path '/run/bot-bottle/*' 2>/dev/null
curl -s -m 10 https://self-${at.nonce}.example/; kill $asking`,
        },
      ],
      // That the attacker learns the name of his question at once makes it easier for him.
      meanwhile: async (arena) => {
        const { slug, nonce } = arena.facts;
        const id = await asked(arena, `self-${nonce}`);
        await arena.cli(['exec', slug, '--', 'sh', '-c', `echo ${id} > /tmp/id`]);
      },
      denied: code('host_not_allowed'),
      silent: ['resolver', 'wire'],
      after: async (arena) => {
        const own = (await open(arena)).filter(({ asks }) => asks.includes(`self-${arena.facts.nonce}`));
        await rejectAll(arena);
        return own.length === 1 ? null : 'the question is not open any more';
      },
    },
    {
      id: 'operator/proposal-flooding',
      tries: 'twenty different questions at once',
      seen: '`too_many_proposals`; at most five are open',
      steps: () => [
        {
          limitMs: 150_000,
          sh: `${askingAgent.replace('-m 60', '-m 5')}
for i in $(seq 20); do tool egress-block '{"host":"flood-'$i'.example","ports":[443],"methods":["GET"],"path_allowlist":["/"],"justification":"because"}' & done; wait`,
        },
      ],
      denied: /too_many_proposals/,
      silent: [],
      after: async (arena) => {
        const { length } = await open(arena);
        await rejectAll(arena);
        return length > 0 && length <= 5 ? null : `${length} questions are open`;
      },
    },
  ],
};
