import { visibleText } from '@bot-bottle/audit';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { runAsInit, spawnChild } from '@bot-bottle/sidecar-supervisor';
import type { ChildSpec } from '@bot-bottle/sidecar-supervisor';
import { bundleChildren, childEnvironment, configuredChildren } from './bundle-children.ts';
import type { BundleChild } from './bundle-children.ts';

const children = configuredChildren(process.env);
if (children.length === 0) {
  const variables = bundleChildren.map(({ needs }) => needs).join(', ');
  const problem = `no sidecar is configured: set at least one of ${variables}`;
  process.stderr.write(`${JSON.stringify({ event: 'invalid_config', problem })}\n`);
  process.exit(2);
}

process.exitCode = await runAsInit({
  children: children.map(specOf),
  output: (line) => void process.stderr.write(`${visibleText(line)}\n`),
  ...(children.some(({ name }) => name === 'egress') ? { hangup: 'egress' } : {}),
});
process.exit();

function specOf(child: BundleChild): ChildSpec {
  const { name, prefix, port, uid } = child;
  const start = `${import.meta.dirname}/start.mjs`;
  const argv = [
    process.execPath,
    ...sidecarRuntime(name).options,
    start,
    prefix,
    String(port),
    `${name}.mjs`,
  ];
  return {
    name,
    start: () => spawnChild(argv, { env: childEnvironment(child, process.env), uid, gid: uid, cwd: '/tmp' }),
  };
}
