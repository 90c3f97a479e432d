import { operators } from './operators.ts';
import { docker, engineEnv, hasEngine } from './docker-engine.ts';
import { World, type CliOptions, type Outcome } from './world.ts';

/** Who uses the engine in tests: the one who may. */
export const engineOperator = operators[0];

/** Whether bottles of the built CLI can run on an engine here. */
export const canRunOnDocker = hasEngine && engineOperator !== undefined;

/** A world whose bottles are on the engine, with the images that are here. */
export class DockerWorld extends World {
  constructor() {
    if (engineOperator === undefined) throw new Error('nobody can use the engine');
    super(engineOperator);
    this.write('settings.yml', 'backend: docker\n');
  }

  override start(args: readonly string[], options: CliOptions = {}): ReturnType<World['start']> {
    return super.start(args, { ...options, env: { ...engineEnv, ...options.env } });
  }

  /** Runs the CLI to its end; images may have to be built. */
  override async cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
    return await super.cli(args, { timeoutMs: 240_000, ...options });
  }

  /** Identities of the bottles that run. */
  async active(): Promise<string[]> {
    const { stdout } = await this.cli(['list', 'active', '--json']);
    return (JSON.parse(stdout) as Array<{ identity: string }>).map(({ identity }) => identity);
  }
}

/** Whether the image with Claude Code is here: it is not built in a test, for that needs a registry. */
export function hasClaudeImage(): boolean {
  if (!canRunOnDocker) return false;
  const isHere = docker('images', '--quiet', '--filter', 'label=bot-bottle.image=agent-claude') !== '';
  const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',');
  if (!isHere && required.includes('docker') && required.includes('claude'))
    throw new Error(
      'BOT_BOTTLE_REQUIRE names docker and claude: build the image with `npm run images -- build agent-claude`',
    );
  if (!isHere) process.stderr.write('skipped: Claude Code on docker (there is no image agent-claude)\n');
  return isHere;
}
