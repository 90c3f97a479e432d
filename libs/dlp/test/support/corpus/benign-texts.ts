import { createHash } from 'node:crypto';
import { alnum, base64Alphabet, digits, hexDigits, lower, type Random } from './random.ts';

/** Words of no text in particular: syllables put together. */
export function word(random: Random): string {
  const syllables =
    'ba be bi co da de di fa fi ga go ha ka la le li lo ma me mi na ne ni no pa pe ra re ri ro sa se si ta te ti to va vi wa za'.split(
      ' ',
    );
  return (
    Array.from({ length: 1 + random.int(3) }, () => random.pick(syllables)).join('') +
    random.pick(['', 'n', 'r', 's', 't', ''])
  );
}
export const words = (random: Random, count: number): string =>
  Array.from({ length: count }, () => word(random)).join(' ');
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
export const sentence = (random: Random): string => `${capital(words(random, 5 + random.int(12)))}.`;
export const paragraph = (random: Random): string =>
  Array.from({ length: 2 + random.int(5) }, () => sentence(random)).join(' ');
export const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
export const uuid = (random: Random): string =>
  [8, 4, 4, 4, 12].map((length) => random.text(hexDigits, length)).join('-');
export const hashOf = (random: Random, name: 'sha1' | 'sha256' | 'sha512' | 'md5'): Buffer =>
  createHash(name).update(random.text(alnum, 20)).digest();
const name = (random: Random): string => word(random) + capital(word(random));

/** Names that programmers give to what holds a credential, with what stands there in examples. */
const placeholders = [
  'process.env.API_KEY',
  '"<your-api-key>"',
  "'xxxxxxxxxxxxxxxxxxxxxxxx'",
  'os.environ["TOKEN"]',
  '"sk-..."',
  '"changeme"',
  '${SECRET}',
  'getSecret("db")',
  '"ghp_your_token_here"',
  'null',
  '"***"',
  'config.token',
];

/** Code of no program, in a few languages. */
export function code(random: Random, count: number): string {
  const kinds: ReadonlyArray<() => string> = [
    () =>
      `export function ${name(random)}(${word(random)}: string, limit = ${random.int(1000)}): string | undefined {\n  // ${sentence(random)}\n  return ${word(random)}.slice(0, limit)?.trimEnd() ?? undefined;\n}\n`,
    () =>
      `def ${word(random)}_${word(random)}(self, risk_key: str = "${word(random)}_key") -> dict[str, Any]:\n    """${sentence(random)}"""\n    return {"${word(random)}-${random.int(99)}": self.${word(random)}[${random.int(9)}]}\n`,
    () =>
      `func (s *${capital(word(random))}) ${capital(word(random))}Token(ctx context.Context) (string, error) {\n\treturn fmt.Sprintf("sk-%d-%s", ${random.int(99)}, s.${word(random)}), nil\n}\n`,
    () =>
      `const ${word(random)}Token = ${random.pick(placeholders)};\nconst { ${word(random)}, ${word(random)} } = await import('./${word(random)}-${word(random)}.js');\n`,
    () =>
      `#[derive(Debug)]\npub struct ${capital(word(random))} { pub(crate) hf_${word(random)}: Vec<u8>, npm_${word(random)}: u${random.pick(['8', '32', '64'])} }\n`,
    () =>
      `SELECT ${word(random)}.id, '${uuid(random)}' AS ${word(random)} FROM ${word(random)} WHERE ${word(random)} LIKE '%${word(random)}%' AND pct > 0.${random.int(99)};\n`,
    () =>
      `.${word(random)}-${word(random)}:hover > .task-${random.int(99)} { color: #${random.text(hexDigits, 6)}; mask-size: ${random.int(99)}%; }\n`,
    () =>
      `if (/^(?:ghp|gho)_[A-Za-z0-9]{36}$|^sk-[a-z0-9]{${random.int(60)}}$|AKIA[0-9A-Z]{16}/.test(${word(random)})) throw new Error('\\u00${random.text(hexDigits, 2)}${sentence(random)}');\n`,
  ];
  return Array.from({ length: count }, () => random.pick(kinds)()).join('\n');
}

/** Code as a bundler leaves it. */
export function minified(random: Random, count: number): string {
  const v = (): string => random.text(lower, 1 + random.int(2));
  const kinds: ReadonlyArray<() => string> = [
    () => `var ${v()}=${v()}(${random.int(99999)}),${v()}=${v()}.n(${v()});`,
    () =>
      `function ${v()}(${v()},${v()}){return ${v()}?${v()}.${word(random)}:void 0===${v()}&&(${v()}=${random.int(256)}),${v()}}`,
    () =>
      `${v()}.exports=JSON.parse('{"${word(random)}":"${word(random)}","v":[${random.int(9)},${random.int(9)}]}');`,
    () => `${v()}.d(${v()},{${v().toUpperCase()}:()=>${v()},${name(random)}:()=>${v()}.${word(random)}});`,
    () =>
      `${v()}="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${random.int(99)} ${random.int(99)}'%3E%3Cpath d='M${random.int(99)} ${random.int(99)}L${random.int(99)}'/%3E%3C/svg%3E";`,
    () =>
      `/\\.(?:${word(random)}|${word(random)})$/i.test(${v()})&&${v()}.push("\\x${random.text(hexDigits, 2)}\\u${random.text(hexDigits, 4)}");`,
  ];
  return Array.from({ length: count }, () => random.pick(kinds)()).join('');
}

/** Lock files of several package managers. */
export function lockFile(random: Random, count: number): string {
  const version = (): string => `${random.int(20)}.${random.int(40)}.${random.int(20)}`;
  const kinds: ReadonlyArray<(i: number) => string> = [
    () =>
      `    "node_modules/${word(random)}": {\n      "version": "${version()}",\n      "resolved": "https://registry.example.test/${word(random)}/-/${word(random)}-${version()}.tgz",\n      "integrity": "sha512-${hashOf(random, 'sha512').toString('base64')}",\n      "license": "MIT"\n    },`,
    () =>
      `"${word(random)}@^${version()}":\n  version "${version()}"\n  resolved "https://registry.example.test/${word(random)}/-/${word(random)}.tgz#${hashOf(random, 'sha1').toString('hex')}"`,
    () =>
      `[[package]]\nname = "${word(random)}"\nversion = "${version()}"\nchecksum = "${hashOf(random, 'sha256').toString('hex')}"`,
    () =>
      `    {file = "${word(random)}-${version()}-py3-none-any.whl", hash = "sha256:${hashOf(random, 'sha256').toString('hex')}"},`,
    () => `example.test/${word(random)} v${version()} h1:${hashOf(random, 'sha256').toString('base64')}`,
    () => `  ${word(random)} (${version()})\n    ${word(random)} (>= ${version()})`,
  ];
  const kind = random.pick(kinds);
  return lines(count, kind);
}

/** Fixtures of tests: what looks like data and is none. */
export function fixture(random: Random): string {
  const kinds: ReadonlyArray<() => string> = [
    () =>
      JSON.stringify({
        id: uuid(random),
        email: `${word(random)}@example.test`,
        token: 'test-token',
        password: 'hunter2',
        createdAt: '2026-01-02T03:04:05.678Z',
        etag: `W/"${random.text(hexDigits, 32)}"`,
      }),
    () =>
      `DATABASE_URL=postgres://postgres:postgres@localhost:5432/${word(random)}\nREDIS_URL=redis://localhost:6379\nAPI_KEY=your-api-key\nSTRIPE=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx\n`,
    () =>
      `-----BEGIN CERTIFICATE-----\n${(random.text(base64Alphabet, 640).match(/.{64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
    () => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${random.text(base64Alphabet, 44)} ${word(random)}@host`,
    () =>
      JSON.stringify({
        kty: 'RSA',
        n: random.text(`${alnum}-_`, 342),
        e: 'AQAB',
        kid: uuid(random),
        use: 'sig',
      }),
    () =>
      `expect(mask('${random.text(alnum, 8)}')).toBe('****');\nexpect(sha('${word(random)}')).toBe('${hashOf(random, 'sha256').toString('hex')}');`,
    () =>
      lines(
        20,
        (i) =>
          `${(i * 16).toString(16).padStart(8, '0')}  ${random.text(hexDigits, 32).replaceAll(/../g, '$& ')} |${random.text(alnum, 16)}|`,
      ),
    () =>
      `cus_${random.text(alnum, 14)} pi_${random.text(alnum, 24)} pk_live_${random.text(alnum, 24)} price_${random.text(alnum, 24)}`,
    () =>
      lines(
        12,
        () =>
          `${random.text(digits, 10)}.${random.text(digits, 6)} [info] req=${random.text(hexDigits, 32)} ip=10.0.${random.int(255)}.${random.int(255)} "${sentence(random)}"`,
      ),
  ];
  return random.pick(kinds)();
}
