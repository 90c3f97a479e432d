import { createHash } from 'node:crypto';
import { chars } from '../fake-secrets.ts';
import type { PassingCase } from './contracts.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const file = (name: string, path: string, content: () => string): PassingCase => ({
  name,
  make: async (work) => void (await work.commit({ [path]: content() })),
});

/** Honest text close to what scanners look for: long values beside words such as key and token. */
export const passingNoisy: readonly PassingCase[] = [
  file(
    'actions pinned by commit',
    'ci/action.yml',
    () => `steps:\n  - uses: actions/checkout@${hash('checkout').slice(0, 40)} # v4\n`,
  ),
  file(
    'an image pinned by digest',
    'Dockerfile',
    () =>
      `FROM node:24@sha256:${hash('node')}\nARG TOKEN\nENV API_KEY=\nRUN --mount=type=secret,id=token npm ci\n`,
  ),
  file(
    'a publishable key',
    'web/pay.ts',
    () => `export const stripe = loadStripe(process.env.STRIPE_PUBLISHABLE_KEY);\n`,
  ),
  file(
    'list keys of a component',
    'web/list.tsx',
    () => `items.map((item) => <Row key={item.id} token={item.token} />);\n`,
  ),
  file(
    'a password hash in a fixture',
    'test/users.yml',
    () => `admin:\n  email: admin@example.com\n  password_digest: <%= BCrypt::Password.create("secret") %>\n`,
  ),
  file(
    'secrets by reference in Kubernetes',
    'k8s/app.yml',
    () =>
      'env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: app-database-credentials\n        key: database-password\n',
  ),
  file(
    'a parser of tokens',
    'src/lexer.ts',
    () =>
      "export const tokens = { keyword: 'KEYWORD_IDENTIFIER', access: 'ACCESS_MODIFIER', apiKeyHeader: 'x-api-key-header-name' };\n",
  ),
  file(
    'a table of HTTP headers',
    'src/headers.go',
    () => 'const AuthHeader = "X-Amz-Security-Token"\nconst KeyHeader = "Sec-WebSocket-Key"\n',
  ),
  file(
    'a schema with keys',
    'schema.sql',
    () => 'CREATE TABLE tokens (\n  token_key VARCHAR(255) PRIMARY KEY,\n  access_level INTEGER\n);\n',
  ),
  file('a debug log with request ids', 'log.txt', () =>
    Array.from(
      { length: 50 },
      (_, index) =>
        `2024-01-01T00:00:${index % 60}Z request_id=${hash(`r${index}`).slice(0, 32)} path=/v1/token status=200`,
    ).join('\n'),
  ),
  file(
    'snapshots of a test with hashed class names',
    '__snapshots__/a.snap',
    () =>
      `exports[\`renders 1\`] = \`<div class="css-${hash('css').slice(0, 8)} authForm__input--${hash('b').slice(0, 5)}"></div>\`;\n`,
  ),
  file('a table of test vectors', 'test/aes.json', () =>
    JSON.stringify({
      vectors: Array.from({ length: 20 }, (_, index) => ({
        pt: hash(`p${index}`).slice(0, 32),
        ct: hash(`c${index}`).slice(0, 32),
      })),
    }),
  ),
  file(
    'DNA',
    'genome.fa',
    () => `>chr1\n${chars('ACGT', 20_000, 'genome').replaceAll(/(.{60})/g, '$1\n')}\n`,
  ),
  {
    ...file('a cache key by hash', 'cache.json', () =>
      JSON.stringify({
        entries: Array.from({ length: 30 }, (_, index) => ({ cache_key: hash(`k${index}`), size: index })),
      }),
    ),
    only: { scanner: 'builtin', because: 'generic-api-key of gitleaks takes any value beside the word key' },
  },
  file(
    'a password in a database address of a developer machine',
    'docker-compose.yml',
    () =>
      'services:\n  app:\n    environment:\n      DATABASE_URL: postgres://postgres:postgres@db:5432/app\n',
  ),
  file(
    'a key of a translation catalogue',
    'messages.po',
    () => 'msgid "auth.token.expired.please_log_in_again"\nmsgstr "Your session is over."\n',
  ),
  file(
    'a generated protocol key with entropy',
    'src/generated.ts',
    () => `export const wireKey = '${hash('wire').slice(0, 40)}';\n`,
  ),
];
