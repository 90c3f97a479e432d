import type { Arena } from '../arena.ts';
import type { AttackClass } from '../attack.ts';

/** Perl that pushes each character of a command into the terminal's input, as if somebody typed it. */
const typing = (planted: string): string =>
  `my $s = "touch ${planted}\\n"; my $e = "none"; for (split //, $s) { my $c = $_; open my $t, "+<", "/dev/tty" or do { $e = $!; last }; ioctl($t, 0x5412, $c) or $e = "$!"; ioctl($t, 0x7fffffff00005412, $c); my $l = pack("C", 2) . $c; ioctl($t, 0x541c, $l); } print "typed: $e\\n"`;

/** The operator's shell, which takes a line if there is one. */
const nextCommand = String.raw`bash -c 'read -r -t 1 line; eval "$line"; echo "read:$line"'`;

/**
 * Runs it on a terminal of the operator, under a shell that reads what is typed there afterwards: what the attacker
 * pushed would be its next command.
 */
async function onTerminal(arena: Arena): Promise<string | null> {
  const { slug, planted } = arena.facts;
  const exec = ['exec', '--tty', slug, '--', 'perl', '-e', typing(planted)];
  const child = arena.world.startOnTerminal(exec, nextCommand);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  // On docker the call works, on a terminal that is the bottle's own: what the operator's shell reads must show that.
  const isTried = arena.facts.backend === 'docker' ? /typed: / : /typed: (?!none)/;
  if (!isTried.test(text)) return `it was typed, or not tried: ${text.slice(-300)}`;
  return /read:\s*$/.test(text) ? null : `the operator's shell read something: ${text.slice(-300)}`;
}

export const terminal: AttackClass = {
  id: 'terminal',
  title: 'The operator’s terminal',
  byUser: true,
  controls: [],
  attacks: [
    {
      id: 'terminal/tiocsti',
      tries: 'TIOCSTI and TIOCLINUX, with upper bits set too: typing a command into the operator’s shell',
      seen: 'denied, and the shell that owns the terminal reads nothing',
      steps: (at) => [{ sh: `perl -e '${typing(at.planted)}'` }],
      denied: /typed: (?!none)/,
      silent: ['files'],
      after: onTerminal,
    },
  ],
};
