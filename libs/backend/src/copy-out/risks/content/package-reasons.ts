/** npm's scripts(7): what `npm install` and `npm ci` run in a checkout, and what pnpm, yarn and bun run too. */
const lifecycle = new Set([
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
  'dependencies',
  'pnpm:devpreinstall',
  'preuninstall',
  'uninstall',
  'postuninstall',
]);
/** Settings of package.json that make an installer or a tool run or fetch something. */
const settings: Readonly<Record<string, string>> = {
  packageManager: 'names the package manager that corepack downloads and runs',
  gypfile: 'is built by node-gyp when it is installed',
  pnpm: 'has settings of pnpm, which can allow scripts or patch packages',
  trustedDependencies: 'lets packages run their scripts when they are installed',
  husky: 'has git hooks',
  'simple-git-hooks': 'has git hooks',
  'pre-commit': 'has git hooks',
  gitHooks: 'has git hooks',
  'lint-staged': 'has commands that run before a commit',
};

/** Why a package.json runs something without being asked to. */
export function packageReasons(text: string): string[] {
  const json = parse(text);
  if (json === null) return ['is no JSON that could be looked at'];
  const reasons: string[] = [];
  for (const [name, command] of Object.entries(objectOf(json['scripts']))) {
    if (lifecycle.has(name.toLowerCase()))
      reasons.push(`runs at an installation: ${name}: ${textOf(command)}`);
  }
  for (const [name, why] of Object.entries(settings))
    if (Object.hasOwn(json, name)) reasons.push(`${why} (${name}: ${textOf(json[name])})`);
  return reasons;
}

/** Why a composer.json runs something at an installation. */
export function composerReasons(text: string): string[] {
  const json = parse(text);
  if (json === null) return ['is no JSON that could be looked at'];
  const events = Object.entries(objectOf(json['scripts']))
    .filter(([name]) => /^(?:pre|post|init|command|php)/i.test(name))
    .map(([name, command]) => `runs at an installation: ${name}: ${textOf(command)}`);
  const plugins = objectOf(json['config'])['allow-plugins'];
  return plugins === undefined ? events : [...events, `lets plugins run: ${textOf(plugins)}`];
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return typeof value === 'object' && value !== null ? objectOf(value) : null;
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 200);
