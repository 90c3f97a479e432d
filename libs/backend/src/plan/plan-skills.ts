import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestFile } from '@bot-bottle/providers';
import { BackendError } from '../errors.ts';
import { isWithin } from '../workspace/refuse-folder.ts';

const maxBytes = 20 * 1024 * 1024;
const maxFiles = 10_000;

export interface PlannedSkill {
  readonly name: string;
  readonly source: string;
  readonly files: readonly GuestFile[];
}

/**
 * Files of the named skills. Each must be a real folder in one of the roots, with no link that leaves it, of at most
 * 20 MiB.
 *
 * @param roots folders that hold skills, first match wins
 * @param target folder of the guest
 * @throws BackendError `skill_invalid`
 */
export async function planSkills(
  names: readonly string[],
  roots: readonly string[],
  target: string,
): Promise<PlannedSkill[]> {
  const skills: PlannedSkill[] = [];
  for (const name of names) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw invalid(name, 'is not the name of a skill');
    const source = await findSkill(name, roots);
    const files: GuestFile[] = [];
    await collect({ name, root: source, files, bytes: 0 }, source, `${target}/${name}`);
    skills.push({ name, source, files });
  }
  return skills;
}

async function findSkill(name: string, roots: readonly string[]): Promise<string> {
  for (const root of roots) {
    const folder = join(root, name);
    const found = await lstat(folder).catch(() => null);
    if (found === null) continue;
    if (!found.isDirectory()) throw invalid(name, `is not a real folder at ${folder}`);
    return await realpath(folder);
  }
  throw invalid(
    name,
    'is not there',
    `make it in ${roots[0] ?? 'the skills folder'}; looked in ${roots.join(', ')}`,
  );
}

interface Collecting {
  readonly name: string;
  readonly root: string;
  readonly files: GuestFile[];
  bytes: number;
}

async function collect(skill: Collecting, folder: string, target: string, depth = 0): Promise<void> {
  // A link to a parent stays inside but never ends.
  if (depth > 32) throw invalid(skill.name, 'is nested too deeply');
  for (const entry of (await readdir(folder)).toSorted()) {
    const path = await realpath(join(folder, entry)).catch(() => null);
    if (path === null || !isWithin(path, skill.root))
      throw invalid(skill.name, `has a link that leaves it: ${join(folder, entry)}`);
    const found = await stat(path);
    if (found.isDirectory()) {
      await collect(skill, path, `${target}/${entry}`, depth + 1);
    } else if (found.isFile()) {
      skill.bytes += found.size;
      const mode = (found.mode & 0o111) === 0 ? 0o644 : 0o755;
      skill.files.push({ path: `${target}/${entry}`, mode, source: { hostPath: path } });
    } else {
      throw invalid(skill.name, `holds something that is no file: ${path}`);
    }
    if (skill.bytes > maxBytes || skill.files.length > maxFiles)
      throw invalid(skill.name, 'is larger than 20 MiB');
  }
}

function invalid(name: string, why: string, hint: string | null = null): BackendError {
  return new BackendError('skill_invalid', `the skill ${JSON.stringify(name)} ${why}`, {
    hint,
    data: { skill: name },
  });
}
