/** Images whose main program has to be root, and why that is so stands in their Dockerfile. */
const asRoot: ReadonlySet<string> = new Set(['sidecar-bundle']);

const requiredLabels = [
  'bot-bottle.image',
  'org.opencontainers.image.title',
  'org.opencontainers.image.description',
  'org.opencontainers.image.source',
  'org.opencontainers.image.documentation',
  'org.opencontainers.image.licenses',
  'org.opencontainers.image.version',
  'org.opencontainers.image.revision',
];

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** What is wrong with the Dockerfile of an image, one sentence each; [] when nothing is. */
export function lintDockerfile(image: string, text: string): string[] {
  const instructions = parse(text);
  const all = (name: string): string[] =>
    instructions.filter((each) => each.name === name).map(({ value }) => value);
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const [first] = instructions;
  check(
    first?.name === 'ARG' && /^BASE_IMAGE=[\w./-]+:[\w.-]+$/.test(first.value),
    'the first line is not ARG BASE_IMAGE=name:tag',
  );
  check(
    all('FROM').every((from) => from === '${BASE_IMAGE}'),
    'FROM is something else than ${BASE_IMAGE}',
  );
  check(!/:latest\b|@latest\b/.test(text), 'latest is no version');
  check(all('ADD').length === 0, 'ADD fetches and unpacks: use COPY');
  check(!all('COPY').some((value) => value.includes('--from=')), 'COPY --from takes files of another image');
  const runs = all('RUN').join('\n');
  check(
    !/\b(?:curl|wget)\b.*(?:https?:|\$)/.test(runs),
    'RUN fetches something that is not pinned by a lock file',
  );
  check(!/\bnpm (?:install|i|update)\b|\bnpx\b/.test(runs), 'npm ci is the command that obeys a lock file');
  check(
    !/apt-get install(?!.*--no-install-recommends)/.test(runs),
    'apt-get installs what is only recommended',
  );
  check(
    !/apt-get install/.test(runs) || runs.includes('rm -rf /var/lib/apt/lists/'),
    'the lists of apt stay',
  );
  check(
    !/--allow-unauthenticated|--trusted=yes|strict-ssl|NODE_TLS_REJECT/.test(text),
    'a check is switched off',
  );
  const settings = [...all('ENV'), ...all('ARG')].join('\n');
  check(!/(?:TOKEN|SECRET|PASSWORD|API_KEY|CREDENTIAL)/i.test(settings), 'ENV or ARG names a secret');
  const user = all('USER').at(-1);
  check(user === (asRoot.has(image) ? '0:0' : '1000:1000'), 'the last USER is not 1000:1000');
  const labels = all('LABEL').join('\n');
  for (const label of requiredLabels) check(labels.includes(`${label}=`), `LABEL ${label} is missing`);
  check(labels.includes(`bot-bottle.image="${image}"`), `LABEL bot-bottle.image is not "${image}"`);
  if (image.startsWith('sidecar-')) {
    check(all('HEALTHCHECK').length === 1, 'a sidecar has one HEALTHCHECK');
    check(
      (all('ENTRYPOINT')[0] ?? '').startsWith('["node", "--disable-sigusr1", '),
      'ENTRYPOINT is not node, without a shell',
    );
  }
  return problems;
}

/** Instructions with their continuation lines joined; comments and empty lines left out. */
function parse(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [, name = '', value = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), value };
    });
}
