import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { composeBottle } from '../compose/compose-bottle.ts';
import type { DeclaredBottle } from '../compose/declared.ts';
import { effectiveAgent } from '../compose/effective-agent.ts';
import type { BottleManifest, EffectiveAgent } from '../contracts.ts';
import { unknownAgent } from '../manifest-from-object.ts';
import { parseAgent } from '../parse-agent.ts';
import { parseBottle } from '../parse-bottle.ts';
import { readHomeFile } from './home-files.ts';
import { listFolder } from './list-folder.ts';
import { fileError } from './read-text.ts';
import {
  isHomeFolder,
  listRepositoryAgents,
  readRepositoryAgent,
  warnOfRepositoryBottles,
} from './repository-files.ts';
import { resolvePaths } from './resolve-paths.ts';
import type { ManifestWarning } from './warnings.ts';

export interface LoadOptions {
  /** `~/.bot-bottle`, or what BOT_BOTTLE_HOME names */
  readonly botBottleHome: string;
  /** folder whose `.bot-bottle/agents` may ship agents; null: none */
  readonly cwd: string | null;
  /** home folder of the operator, for `~/` in paths; default the system's */
  readonly home?: string;
}

export interface BottleEntry {
  readonly name: string;
  readonly file: string;
}

export interface AgentEntry extends BottleEntry {
  readonly source: 'home' | 'repository';
  /** file of the home agent that this repository agent hides */
  readonly replaces: string | null;
}

/** The names of a manifest on disk. A file is read only when its entity is asked for. */
export interface ManifestIndex {
  /** sorted by name */
  readonly agents: readonly AgentEntry[];
  /** sorted by name */
  readonly bottles: readonly BottleEntry[];
  readonly warnings: readonly ManifestWarning[];
  /** Reads, composes and validates an agent with its bottle. @throws {ManifestErrors} */
  agent(name: string): Promise<EffectiveAgent>;
  /** Reads, composes and validates a bottle. @throws {ManifestErrors} */
  bottle(name: string): Promise<BottleManifest>;
}

/**
 * Lists the bottles and agents of the home folder and the agents of a repository. One broken file does not hide the
 * others: it is reported when it is asked for.
 * @throws {ManifestErrors} legacy_file
 */
export async function loadManifestIndex(options: LoadOptions): Promise<ManifestIndex> {
  const { botBottleHome, home = homedir() } = options;
  const warnings: ManifestWarning[] = [];
  const bottlesFolder = path.join(botBottleHome, 'bottles');
  const agentsFolder = path.join(botBottleHome, 'agents');
  const cwd = options.cwd !== null && !(await isHomeFolder(options.cwd, botBottleHome)) ? options.cwd : null;
  await refuseLegacyFile(botBottleHome, cwd);
  const bottleNames = await listFolder(bottlesFolder, bottlesFolder, warnings);
  const homeAgents = await listFolder(agentsFolder, agentsFolder, warnings);
  const repositoryAgents = cwd === null ? [] : await listRepositoryAgents(cwd, warnings);
  if (cwd !== null) await warnOfRepositoryBottles(cwd, warnings);

  const bottles = bottleNames.map((name) => ({ name, file: path.join(bottlesFolder, `${name}.md`) }));
  const agents = agentEntries(agentsFolder, homeAgents, cwd, repositoryAgents);

  /** Parses a bottle and everything it extends; what does not exist is left to the composer to report. */
  const readBottles = async (first: string): Promise<Map<string, DeclaredBottle>> => {
    const found = new Map<string, DeclaredBottle>();
    const queue = [first];
    const asked = new Set(queue);
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const entry = bottles.find((each) => each.name === name);
      if (entry === undefined) continue;
      const text = await readHomeFile({ file: entry.file, entity: `bottle ${name}` });
      if (text === null) continue;
      const bottle = parseBottle(text, entry.file);
      found.set(name, bottle);
      for (const parent of bottle.extends) {
        if (asked.has(parent)) continue;
        asked.add(parent);
        queue.push(parent);
      }
    }
    return found;
  };
  const lookup = (found: ReadonlyMap<string, DeclaredBottle>) => ({
    get: (name: string) => found.get(name),
    keys: () => bottleNames,
  });

  return {
    agents,
    bottles,
    warnings,
    bottle: async (name) =>
      resolvePaths(composeBottle(name, lookup(await readBottles(name))), home, bottlesFolder),
    agent: async (name) => {
      const entry = agents.find((each) => each.name === name);
      if (entry === undefined)
        throw unknownAgent(
          name,
          agents.map((each) => each.name),
        );
      const place = { file: entry.file, entity: `agent ${name}` };
      const text =
        entry.source === 'repository' && cwd !== null
          ? await readRepositoryAgent(cwd, name, place)
          : await readHomeFile(place);
      if (text === null) throw fileError(place, 'unreadable_file', 'the file is gone', null);
      const declared = parseAgent(text, entry.file);
      const found = await readBottles(declared.bottle);
      const agent = effectiveAgent(declared, lookup(found), {
        source: entry.source,
        replaces: entry.replaces,
      });
      return { ...agent, bottle: resolvePaths(agent.bottle, home, bottlesFolder) };
    },
  };
}

function agentEntries(
  homeFolder: string,
  home: readonly string[],
  cwd: string | null,
  repository: readonly string[],
): AgentEntry[] {
  const entries = new Map<string, AgentEntry>();
  for (const name of home) {
    entries.set(name, { name, file: path.join(homeFolder, `${name}.md`), source: 'home', replaces: null });
  }
  for (const name of cwd === null ? [] : repository) {
    const file = path.join(cwd ?? '', '.bot-bottle', 'agents', `${name}.md`);
    entries.set(name, { name, file, source: 'repository', replaces: entries.get(name)?.file ?? null });
  }
  return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A `bot-bottle.json` of the first versions, beside which no Markdown folder stands: its content would be ignored. */
async function refuseLegacyFile(botBottleHome: string, cwd: string | null): Promise<void> {
  const places = [
    {
      folder: botBottleHome,
      markdown: [path.join(botBottleHome, 'bottles'), path.join(botBottleHome, 'agents')],
    },
    { folder: path.dirname(botBottleHome), markdown: [botBottleHome] },
    ...(cwd === null ? [] : [{ folder: cwd, markdown: [path.join(cwd, '.bot-bottle')] }]),
  ];
  for (const { folder, markdown } of places) {
    const file = path.join(folder, 'bot-bottle.json');
    const info = await stat(file).catch(() => null);
    if (info === null || !info.isFile()) continue;
    const beside = await Promise.all(markdown.map((each) => stat(each).catch(() => null)));
    if (beside.some((each) => each !== null)) continue;
    const bottles = path.join(botBottleHome, 'bottles');
    const agents = path.join(botBottleHome, 'agents');
    const hint = `write each bottle as ${bottles}/<name>.md and each agent as ${agents}/<name>.md, then remove the file`;
    throw fileError(
      { file, entity: 'manifest' },
      'legacy_file',
      'manifests are Markdown files now; this file is not read',
      hint,
    );
  }
}
