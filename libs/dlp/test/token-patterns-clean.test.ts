import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chars } from './support/token-samples.ts';
import { bytes, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });
const hash = (name: string, text: string): Buffer => createHash(name).update(text).digest();
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const repo = path.resolve(import.meta.dirname, '../../..');
const own = (file: string): string => readFileSync(path.join(repo, file), 'utf8');

/** What developers send all day and what is no credential. */
const clean: Readonly<Record<string, () => string>> = {
  'a lockfile of npm': () => own('package-lock.json'),
  'TypeScript with prefixes of tokens': () => own('libs/dlp/src/tokens/rules/clouds.ts'),
  'TypeScript of this package': () => own('libs/dlp/src/create-scanner.ts'),
  'a licence': () => own('libs/dlp/LICENSE'),
  documentation: () => own('docs/architecture.md'),
  'integrity of sha512': () =>
    many(200, (i) => `integrity sha512-${hash('sha512', `${i}`).toString('base64')}`),
  'a lockfile of yarn': () =>
    many(
      100,
      (i) =>
        `"pkg-${i}@^1.0.0":\n  resolved "https://registry.test/pkg/-/pkg-1.tgz#${hash('sha1', `${i}`).toString('hex')}"`,
    ),
  'a lockfile of cargo': () =>
    many(
      100,
      (i) => `[[package]]\nname = "crate${i}"\nchecksum = "${hash('sha256', `${i}`).toString('hex')}"`,
    ),
  'a lockfile of poetry': () =>
    many(
      100,
      (i) => `{file = "p-${i}-py3-none-any.whl", hash = "sha256:${hash('sha256', `${i}`).toString('hex')}"},`,
    ),
  'go.sum': () =>
    many(100, (i) => `example.org/m${i} v1.2.${i} h1:${hash('sha256', `${i}`).toString('base64')}`),
  UUIDs: () => many(300, () => randomUUID()),
  'ids of commits': () => many(300, (i) => `${hash('sha1', `${i}`).toString('hex')} fix: something ${i}`),
  'digests of images': () =>
    many(100, (i) => `FROM node:24@sha256:${hash('sha256', `${i}`).toString('hex')}`),
  'a minified script': () =>
    `!function(e,t){${many(300, (i) => `var a${i}=e.sk_${i}||t["x-${i}"];n(a${i},function(e){return e&&e.__esModule?e:{default:e}})`)}}(this);`,
  'a source map': () =>
    JSON.stringify({
      version: 3,
      sources: ['a.ts'],
      mappings: many(200, () => 'AAAA,SAASA,KAAKC,IAAI,GAAGC'),
    }),
  'an image as a data URL': () =>
    `data:image/png;base64,${Buffer.concat(Array.from({ length: 300 }, (_, i) => hash('sha512', `png${i}`))).toString('base64')}`,
  'a font as a data URL': () =>
    `url(data:font/woff2;base64,${Buffer.concat(Array.from({ length: 300 }, (_, i) => hash('sha512', `woff${i}`))).toString('base64')})`,
  'hex dumps': () =>
    many(
      200,
      (i) =>
        `${i.toString(16).padStart(8, '0')}  ${hash('md5', `${i}`).toString('hex').replaceAll(/../g, '$& ')}`,
    ),
  'a style sheet': () =>
    many(
      200,
      (i) => `.desk-${i}{color:#${hash('md5', `${i}`).toString('hex').slice(0, 6)};mask-size:${i}px}`,
    ),
  markup: () =>
    many(
      100,
      (i) => `<a class="task-list risk-${i}" href="https://site.test/p/${i}?ref=sk-${i}">disk-${i}</a>`,
    ),
  'a JSON web key, public': () =>
    JSON.stringify({ kty: 'RSA', n: chars('abcXYZ019_-', 342), e: 'AQAB', kid: randomUUID() }),
  'a certificate': () =>
    `-----BEGIN CERTIFICATE-----\n${chars('abcXYZ019+/', 640)}\n-----END CERTIFICATE-----`,
  'a public key of SSH': () => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${chars('abcXYZ019+/', 44)} me@host`,
  'documentation of keys': () =>
    'Set AWS_SECRET_ACCESS_KEY=<your key>, e.g. aws_secret_access_key = "wJalr..." and OPENAI_API_KEY=sk-...',
  'environment placeholders': () =>
    'DATABASE_URL=postgres://user:${DB_PASSWORD}@db:5432/app\nSTRIPE=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx',
  'an example environment': () =>
    'REDIS_URL=redis://localhost:6379\nGITHUB_TOKEN=ghp_your_token_here\nSLACK=xoxb-your-token',
  compose: () => 'postgresql://postgres:postgres@db:5432/postgres\nmongodb://root:example@mongo:27017/',
  'a regular expression for tokens': () =>
    String.raw`/ghp_[A-Za-z0-9]{36}|sk-[A-Za-z0-9]{48}|AKIA[0-9A-Z]{16}|xox[bp]-\d+/`,
  'a table of numbers': () => many(300, (i) => `${i * 7919};${(i * 1.37).toFixed(6)};${i ** 3}`),
  logs: () =>
    many(
      300,
      (i) =>
        `2026-01-01T00:00:${i % 60}Z INFO req=${hash('md5', `${i}`).toString('hex')} path=/api/webhooks/${i} took=${i}ms`,
    ),
  Go: () =>
    many(
      100,
      (i) =>
        `func (s *Service${i}) TaskKey(ctx context.Context) (string, error) { return fmt.Sprintf("sk-%d", ${i}), nil }`,
    ),
  Python: () =>
    many(
      100,
      (i) =>
        `def mask_${i}(risk_key: str = "api_key_${i}") -> dict[str, str]:\n    return {"key-${i}": risk_key}`,
    ),
  Rust: () =>
    many(100, (i) => `pub fn hash_${i}(hf_${i}: &[u8; 32]) -> Result<(), Error> { npm_${i}::call(hf_${i}) }`),
  SQL: () =>
    many(
      100,
      (i) => `INSERT INTO t VALUES (${i}, '${randomUUID()}', '${hash('sha256', `${i}`).toString('hex')}');`,
    ),
  'a diff': () =>
    many(
      100,
      (i) =>
        `index ${hash('sha1', `${i}`).toString('hex').slice(0, 10)}..${hash('sha1', `b${i}`).toString('hex').slice(0, 10)} 100644\n-----BEGIN`,
    ),
  Chinese: () => many(200, (i) => `第${i}步：读取文件 sk-${i}，检查 key-${i}。`),
  'emoji and accents': () => many(200, (i) => `é ü 🔑 token ${i} – naïve café`),
  'a conversation with a model': () =>
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content: own('docs/architecture.md') }] }),
  'a query of analytics': () =>
    many(100, (i) => `_ga=GA1.2.${i}84512.16${i}45&fbclid=IwAR${chars('abcXYZ019_-', 50, `${i}`)}`),
  'ids of analytics and objects': () =>
    many(
      200,
      (i) =>
        `cus_${chars('abcXYZ019', 14, `${i}`)} pi_${chars('abcXYZ019', 24, `${i}`)} pk_live_${chars('abcXYZ019', 24, `${i}`)}`,
    ),
  'random base64': () =>
    Buffer.concat(Array.from({ length: 4000 }, (_, i) => hash('sha512', `r${i}`))).toString('base64'),
};

describe('clean text', () => {
  it('comes in at least thirty kinds', () => {
    expect(Object.keys(clean).length).toBeGreaterThanOrEqual(30);
  });

  it.each(Object.entries(clean))('of the kind "%s" has no finding', (_, text) => {
    expect(
      scanner.scanBytes(bytes(text()), 'body').map((finding) => `${finding.rule} ${finding.offset}`),
    ).toEqual([]);
  });

  it('made of random words and numbers has no finding', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.lorem(), fc.uuid(), fc.ipV4(), fc.webUrl(), fc.integer().map(String))),
        (parts) => {
          expect(scanner.scanBytes(bytes(parts.join(' ')), 'body')).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
