import { connect } from 'node:net';
import { once } from 'node:events';
import type { AttackClass } from '../attack.ts';
import { neighbourPort } from '../facts.ts';
import { node, reach, unreached } from './steps.ts';

/** Perl that makes each call and prints `name E…`, or `name worked`. */
const calls = (lines: readonly string[]): string => `perl -e '
sub try { my ($name, $number, @call) = @_; $! = 0; my $r = syscall($number, @call); print "$name ", ($r < 0 ? "E" . uc(join "", "$!" =~ /[a-z]+/gi) : "worked"), "\\n" }
${lines.join('\n')}'`;

/** Numbers of x86-64 and arm64 (asm/unistd.h). */
const number = (x64: number, arm64: number): number => (process.arch === 'arm64' ? arm64 : x64);

/** The machine around the bottle. */
export const host: AttackClass = {
  id: 'host',
  title: 'The host',
  byUser: true,
  controls: [
    {
      id: 'host/sockets',
      does: 'the host itself connects to the unix sockets and to the other bottle, and sees the file',
      steps: () => [],
      answered: /./,
      noted: ['unix'],
      after: async (arena) => {
        const { socketPath, abstractName } = arena.facts;
        for (const path of [socketPath, `\0${abstractName}`]) {
          const socket = connect({ path });
          socket.resume();
          await once(socket, 'close');
        }
        return null;
      },
    },
    {
      id: 'host/calls',
      does: 'the way in which the attacker makes system calls works for those that are allowed',
      steps: () => [
        {
          sh: calls([
            `try("getpid", ${number(39, 172)});`,
            `try("socket", ${number(41, 198)}, 1, 1, 0);`,
            `try("close", ${number(3, 57)}, -1);`,
          ]),
        },
      ],
      answered: /^getpid worked\nsocket worked\nclose EBADFILEDESCRIPTOR\n/,
      noted: [],
    },
    {
      id: 'host/own-environment',
      does: 'the search through /proc finds what the attacker’s own processes have',
      steps: (at) => [
        {
          sh: `MARK=found-${at.nonce} sleep 5 & sleep 0.2; grep -alF found-${at.nonce} /proc/[0-9]*/environ 2>/dev/null | head -1; kill $!`,
        },
      ],
      answered: /\/proc\/\d+\/environ/,
      noted: [],
    },
  ],
  attacks: [
    {
      id: 'host/other-bottle',
      tries: 'the ports of another bottle and of its sidecars',
      seen: 'no connection',
      steps: (at) => [
        reach(
          at.neighbours
            .flatMap((to) => [neighbourPort, 9099].map((port) => ({ host: to, port })))
            .filter(
              // On its own loopback egress answers: that is the attacker's own.
              ({ host: to, port }) => to !== '127.0.0.1' || port !== 9099,
            ),
        ),
      ],
      denied: unreached,
      silent: ['neighbour'],
    },
    {
      id: 'host/loopback',
      tries: 'services on the host’s loopback, IPv4 and IPv6',
      seen: 'the loopback is another one: refused',
      steps: (at) => [
        reach(['127.0.0.1', '::1', '127.0.0.2'].map((to) => ({ host: to, port: at.decoyPort }))),
      ],
      denied: unreached,
      silent: ['decoy'],
    },
    {
      id: 'host/abstract-socket',
      tries: 'an abstract unix socket of the host',
      seen: 'refused',
      steps: (at) => [reach([{ path: `\0${at.abstractName}` }])],
      denied: unreached,
      silent: ['unix'],
    },
    {
      id: 'host/file-socket',
      tries: 'a unix socket in a folder of the host, by its path and through /proc',
      seen: 'not there',
      steps: (at) => [reach([{ path: at.socketPath }, { path: `/proc/1/root${at.socketPath}` }])],
      denied: unreached,
      silent: ['unix'],
    },
    {
      id: 'host/docker-socket',
      tries: 'the sockets and ports of container engines',
      seen: 'not there',
      steps: (at) => [
        reach([
          ...[
            '/var/run/docker.sock',
            '/run/docker.sock',
            '/run/containerd/containerd.sock',
            '/run/podman/podman.sock',
          ].map((path) => ({ path })),
          ...[at.decoy, at.upstream, '127.0.0.1'].flatMap((to) =>
            [2375, 2376].map((port) => ({ host: to, port })),
          ),
        ]),
        { sh: 'find / -xdev -type s -not -path "/run/bot-bottle/*" 2>/dev/null | grep . || echo "- ENONE"' },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/files',
      tries: 'files of the operator: by path, through /proc of every process, by links',
      seen: 'none is there',
      steps: (at) => [
        {
          sh: `ln -sf ${at.hostFile} ~/link; ln -sf / ~/root
for f in ${at.hostFile} ~/link ~/root${at.hostFile} /proc/[0-9]*/root${at.hostFile} /proc/[0-9]*/cwd${at.hostFile}; do cat "$f" 2>/dev/null && echo "read $f"; done
ls -d ${at.botBottleHome} /var/lib/bot-bottle /root/.ssh 2>/dev/null; cat /etc/shadow 2>/dev/null; echo "- ENOENT"`,
        },
        {
          sh: `mkdir -p ${at.planted} 2>/dev/null; touch ${at.planted} /usr/bin/planted /etc/planted 2>/dev/null; ls /usr/bin/planted /etc/planted 2>/dev/null; echo "- EROFS"`,
        },
      ],
      denied: /^- E[A-Z]+\n\[exit 0\]$/,
      silent: ['files'],
    },
    {
      id: 'host/proc-of-sidecars',
      tries: 'command lines, environments, memory, files and roots of every process in /proc',
      seen: 'no process of a sidecar is there; first process and init are closed',
      steps: () => [
        {
          sh: `cat /proc/[0-9]*/cmdline | tr '\\0' ' '; echo
for p in /proc/[0-9]*; do
  for f in environ mem maps auxv; do head -c 100000 $p/$f 2>/dev/null; done
  ls -l $p/fd $p/root/ 2>/dev/null
done | tr -d '\\0'
for p in 1 2; do [ -e /proc/$p ] || continue; head -c1 /proc/$p/environ >/dev/null 2>&1 && [ "$(stat -c %u /proc/$p)" != 1000 ] && echo "opened $p"; done; echo closed`,
        },
      ],
      denied: /closed\n/,
      never: /sidecar-|main\.js|dockerd|opened \d/,
      silent: [],
    },
    {
      id: 'host/environ',
      tries: 'the credential of a route in the environment, in files, and in what egress tells of itself',
      seen: 'the names of routes, no value',
      steps: () => [
        {
          sh: `env; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; curl -s http://_egress.local/allowlist; cat ~/.gitconfig ~/.bot-bottle/* /run/bot-bottle/* 2>/dev/null; find / -xdev -type f -newer /proc/1 -size -64k -readable \\( -path '/home/*' -o -path '/run/*' -o -path '/tmp/*' -o -path '/etc/*' \\) -exec cat {} + 2>/dev/null`,
        },
      ],
      denied: /api\.e2e\.test/,
      never: /PRIVATE KEY/,
      silent: [],
    },
    {
      id: 'host/ptrace',
      tries: 'attaching to, reading and writing the memory of, and taking descriptors from other processes',
      seen: 'denied',
      steps: () => [
        {
          sh: calls([
            'for my $pid (1, 2, getppid()) {',
            '  next if $pid == getppid() && (stat "/proc/$pid")[4] == $>;',
            `  try("attach $pid", ${number(101, 117)}, 16, $pid, 0, 0);`,
            `  try("seize $pid", ${number(101, 117)}, 0x4206, $pid, 0, 0);`,
            '  my $b = "x" x 8; my $l = pack("PQ", $b, 8); my $r = pack("QQ", 0x400000, 8);',
            `  try("read $pid", ${number(310, 270)}, $pid, $l, 1, $r, 1, 0);`,
            `  try("write $pid", ${number(311, 271)}, $pid, $l, 1, $r, 1, 0);`,
            '}',
          ]),
        },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/core-files',
      tries: 'a crash with core files asked for, and changing where the kernel puts them',
      seen: 'no core file, inside or on the host; the setting is read-only',
      steps: () => [
        {
          sh: `cd ~; ulimit -c unlimited 2>/dev/null; ulimit -c; sh -c 'kill -SEGV $$' ; ls core* /tmp/core* 2>/dev/null; { echo '|/bin/sh' > /proc/sys/kernel/core_pattern; } 2>/dev/null && echo changed; echo "- ENONE"`,
        },
      ],
      denied: /^[01]\n[^]*- ENONE/,
      never: /core(?:\.\d+)?\n|changed/,
      silent: [],
    },
    {
      id: 'host/setuid',
      tries: 'setuid programs, made and found',
      seen: 'no other user, no privilege',
      steps: () => [
        {
          sh: `cp /usr/bin/id ~/id; chmod 6755 ~/id; ~/id -u; su -c id root </dev/null 2>&1 | grep uid=0; sudo -n id 2>/dev/null
grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status`,
        },
      ],
      denied: /^1000\n(?:[^]*)CapEff:\s0{16}\nCapBnd:\s0{16}\nNoNewPrivs:\s1\n/,
      never: /uid=0/,
      silent: [],
    },
    {
      id: 'host/mount',
      tries: 'mounting, making read-only folders writable, changing the root',
      seen: 'denied',
      steps: () => [
        {
          sh: calls([
            `try("tmpfs", ${number(165, 40)}, "none", "/tmp", "tmpfs", 0, 0);`,
            `try("remount", ${number(165, 40)}, "none", "/usr", "", 0x20 | 0x1000, 0);`,
            `try("bind", ${number(165, 40)}, "/proc", "/tmp", "", 0x1000, 0);`,
            `try("umount", ${number(166, 39)}, "/proc", 2);`,
            `try("chroot", ${number(161, 51)}, "/tmp");`,
            `try("pivot", ${number(155, 41)}, "/tmp", "/tmp");`,
            `try("fsopen", ${number(430, 430)}, "tmpfs", 0);`,
            `try("open_tree", ${number(428, 428)}, -100, "/", 1);`,
          ]),
        },
        { sh: 'mount -o remount,rw /usr >/dev/null 2>&1 && echo worked || echo "- EPERM"' },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/user-namespaces',
      tries: 'a user namespace of the attacker’s own, and entering others',
      seen: 'denied',
      steps: () => [
        {
          sh: calls([
            `try("unshare", ${number(272, 97)}, 0x10000000);`,
            `try("unshare mount", ${number(272, 97)}, 0x20000);`,
            `try("clone", ${number(56, 220)}, 0x10000011, 0, 0, 0, 0);`,
            `open my $f, "<", "/proc/1/ns/mnt"; try("setns", ${number(308, 268)}, defined $f ? fileno $f : -1, 0);`,
          ]),
        },
        { sh: 'unshare -Urm true 2>/dev/null && echo worked || echo "- EPERM"' },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/kernel-surface',
      tries:
        'kernel interfaces that agents do not need: bpf, perf, keyrings, userfaultfd, kexec, modules, handles, x32',
      seen: 'denied',
      steps: () => [
        {
          sh: calls([
            `try("bpf", ${number(321, 280)}, 0, 0, 0);`,
            `try("perf", ${number(298, 241)}, 0, 0, -1, -1, 0);`,
            `try("keyctl", ${number(250, 219)}, 0, -3, 0);`,
            `try("add_key", ${number(248, 217)}, "user", "k", "v", 1, -3);`,
            `try("userfaultfd", ${number(323, 282)}, 0);`,
            `try("kexec", ${number(246, 104)}, 0, 0, 0, 0);`,
            `try("module", ${number(175, 105)}, 0, 0, "");`,
            `try("handle", ${number(304, 265)}, -100, 0, 0);`,
            `try("reboot", ${number(169, 142)}, 0, 0, 0, 0);`,
            `try("swapon", ${number(167, 224)}, "/tmp", 0);`,
          ]),
        },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/io-uring',
      tries: 'io_uring, which makes system calls that no filter sees',
      seen: 'not there, or denied',
      steps: () => [{ sh: calls([`my $p = "\\0" x 120; try("io_uring", ${number(425, 425)}, 1, $p);`]) }],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/vsock',
      tries:
        'sockets of families that leave the network namespace: vsock to the hypervisor, kernel crypto, Bluetooth',
      seen: 'none opens',
      steps: () => [
        {
          sh: calls(
            [
              ['vsock', 40, 1],
              ['vsock', 40, 2],
              ['alg', 38, 5],
              ['bluetooth', 31, 3],
              ['tipc', 30, 1],
              ['xdp', 44, 3],
            ].map(([name, family, type]) => `try("${name}", ${number(41, 198)}, ${family}, ${type}, 0);`),
          ),
        },
      ],
      denied: unreached,
      silent: [],
    },
    {
      id: 'host/signals',
      tries: 'ending init and every other process',
      seen: 'the bottle and its sidecars go on',
      steps: (at) => [
        {
          sh: `kill -9 1 2>/dev/null; for p in /proc/[0-9]*; do n=\${p#/proc/}; [ "$(stat -c %u $p 2>/dev/null)" = 1000 ] || kill -9 $n 2>/dev/null; done
curl -sS -m 20 https://api.e2e.test:${at.port}/v1/still`,
        },
      ],
      denied: /reached \/v1\/still/,
      silent: [],
    },
    {
      id: 'host/resources',
      tries: 'changing names, addresses, routes, and who answers to the names of the sidecars',
      seen: 'denied',
      steps: () => [
        {
          sh: `{ echo '127.0.0.1 egress' >> /etc/hosts || hostname other || ip addr add 10.0.0.1/8 dev lo || ip route add default dev lo || echo 1 > /proc/sys/net/ipv4/ip_forward || echo x > /proc/sysrq-trigger; } >/dev/null 2>&1 && echo worked || echo '- EPERM'`,
        },
        node(`
import { createServer } from 'node:net';
for (const port of [9099, 9420, 9100]) await new Promise((resolve) => createServer().on('error', (e) => { console.log(port, e.code); resolve(); }).listen(port, '127.0.0.1', () => { console.log(port, 'ETAKEN'); resolve(); }));
process.exit();`),
      ],
      denied: unreached,
      silent: [],
    },
  ],
};
