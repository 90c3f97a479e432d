import type { ManifestError } from '../errors.ts';
import type { KeyPath } from '../problem.ts';
import { renderPath } from '../problem.ts';
import { readEnvValue } from '../rules/env-value.ts';
import { errorAt } from '../source.ts';
import type { FoldedBottle } from './fold.ts';

/** Rules that hold between sections, which may come from different files. */
export function checkComposed(bottle: FoldedBottle): ManifestError[] {
  return [...checkEnvSecrets(bottle), ...checkSupervise(bottle)];
}

function checkEnvSecrets({ egress, env }: FoldedBottle): ManifestError[] {
  if (egress === null) return [];
  return egress.value.routes.flatMap((route, index) =>
    route.env_secrets.flatMap((name, position): ManifestError[] => {
      const path = ['egress', 'routes', index, 'env_secrets', position];
      const value = env.get(name);
      if (value === undefined) {
        const message = 'this bottle has no env secret of this name';
        const hint = 'declare it under `env` as `?` or `${HOST_VAR}`';
        return [errorAt(egress.owner.source, { code: 'unknown_env', message, hint, path, at: 'value' })];
      }
      if (readEnvValue(value.value).kind !== 'literal') return [];
      const message = 'this env value is a literal, not a secret';
      const hint = 'write it as `?` or `${HOST_VAR}`, or remove it here';
      return [errorAt(egress.owner.source, { code: 'conflict', message, hint, path, at: 'value' })];
    }),
  );
}

function checkSupervise({ supervise, egress, repos }: FoldedBottle): ManifestError[] {
  if (supervise === null || supervise.value) return [];
  const asking: Array<{ readonly path: KeyPath; readonly value: string }> = [];
  for (const [index, route] of (egress?.value.routes ?? []).entries()) {
    if (route.dlp.on_match === 'supervise') {
      asking.push({ path: ['egress', 'routes', index, 'dlp', 'on_match'], value: 'supervise' });
    }
  }
  for (const [name, repo] of repos) {
    if (repo.value.push.approve === 'always') {
      asking.push({ path: ['git-gate', 'repos', name, 'push', 'approve'], value: 'always' });
    }
  }
  if (asking.length === 0) return [];
  const list = asking
    .slice(0, 10)
    .map(({ path, value }) => `\`${renderPath(path)}: ${value}\``)
    .join(', ');
  return [
    errorAt(supervise.owner.source, {
      code: 'conflict',
      message: `\`supervise: false\` leaves nobody to ask, but ${list} asks`,
      hint: 'set `supervise: true`, or choose an answer that needs no human',
      path: ['supervise'],
      at: 'value',
    }),
  ];
}
