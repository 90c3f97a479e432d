import { runAsInit, spawnChild } from '@bot-bottle/sidecar-supervisor';

const source = (code: number): string =>
  `process.on("SIGHUP", () => console.log("hup")); process.on("SIGTERM", () => process.exit(${code}));
   setInterval(() => {}, 1e5); console.log("up")`;
const child = (name: string, code: number) => ({
  name,
  start: () => spawnChild([process.execPath, '-e', source(code)], { env: {} }),
});

process.exitCode = await runAsInit({
  children: [child('egress', 0), child('other', 6)],
  output: (line) => void process.stdout.write(`${line}\n`),
  hangup: 'egress',
});
