import { createHash, generateKeyPairSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { chars } from '../fake-secrets.ts';
import type { PassingCase } from './contracts.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

const files = (name: string, content: () => Files, message?: string): PassingCase => ({
  name,
  make: async (work) => void (await work.commit(content(), message)),
});
const digest = (algorithm: string, text: string, encoding: 'hex' | 'base64'): string =>
  createHash(algorithm).update(text).digest(encoding);
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const noise = (bytes: number, seed: string): Buffer =>
  Buffer.from(chars('0123456789abcdef', bytes * 2, seed), 'hex');
const uuid = (seed: string): string => {
  const text = digest('sha256', seed, 'hex');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20, 32)}`;
};

function png(): Buffer {
  const head = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = deflateSync(noise(64 * 64 * 3, 'pixels'));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(pixels.length);
  return Buffer.concat([head, length, Buffer.from('IDAT'), pixels, Buffer.alloc(4)]);
}

function wrapped(text: string): string {
  return (text.match(/.{1,64}/g) ?? []).join('\n');
}

/** Files as real projects have them, none with a secret. */
export const passingFiles: readonly PassingCase[] = [
  files('a source file', () => ({
    'src/login.ts':
      'export async function login(user: string, password: string): Promise<Token> {\n  const token = await api.login({ user, password });\n  return token;\n}\n',
  })),
  files('a picture', () => ({ 'logo.png': png() })),
  files('a zip file', () => ({
    'data.zip': Buffer.concat([Buffer.from('PK\x03\x04'), noise(20_000, 'zip')]),
  })),
  files('a WebAssembly module', () => ({
    'app.wasm': Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), noise(30_000, 'wasm')]),
  })),
  files('a font and an archive below assets', () => ({
    'assets/a.woff2': Buffer.concat([Buffer.from('wOF2'), noise(15_000, 'font')]),
    'assets/b.tar.gz': Buffer.concat([Buffer.from([0x1f, 0x8b]), noise(15_000, 'tar')]),
  })),
  files('package-lock.json with integrity hashes', () => ({
    'package-lock.json': JSON.stringify(
      {
        name: 'app',
        lockfileVersion: 3,
        packages: Object.fromEntries(
          range(150).map((index) => [
            `node_modules/package-${index}`,
            {
              version: `1.${index}.0`,
              resolved: `https://registry.npmjs.org/package-${index}/-/package-${index}-1.${index}.0.tgz`,
              integrity: `sha512-${digest('sha512', `package ${index}`, 'base64')}`,
            },
          ]),
        ),
      },
      null,
      2,
    ),
  })),
  files('go.sum', () => ({
    'go.sum': range(100)
      .map(
        (index) =>
          `github.com/org/module${index} v1.${index}.0 h1:${digest('sha256', `m${index}`, 'base64')}\n`,
      )
      .join(''),
  })),
  files('Cargo.lock', () => ({
    'Cargo.lock': range(80)
      .map(
        (index) =>
          `[[package]]\nname = "crate-${index}"\nversion = "0.${index}.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "${digest('sha256', `c${index}`, 'hex')}"\n\n`,
      )
      .join(''),
  })),
  files('poetry.lock', () => ({
    'poetry.lock': range(60)
      .map(
        (index) =>
          `[[package]]\nname = "package-${index}"\nversion = "1.0.${index}"\nfiles = [\n    {file = "package_${index}.whl", hash = "sha256:${digest('sha256', `p${index}`, 'hex')}"},\n]\n\n`,
      )
      .join(''),
  })),
  files('yarn.lock', () => ({
    'yarn.lock': range(60)
      .map(
        (index) =>
          `"package-${index}@^1.0.0":\n  version "1.0.${index}"\n  resolved "https://registry.yarnpkg.com/package-${index}/-/package-${index}-1.0.${index}.tgz#${digest('sha1', `y${index}`, 'hex')}"\n  integrity sha512-${digest('sha512', `y${index}`, 'base64')}\n\n`,
      )
      .join(''),
  })),
  files('minified JavaScript', () => ({
    'dist/app.min.js': range(2000)
      .map((index) => `function f${index}(a,b){return a.map(function(c){return c+b*${index}})}`)
      .join(''),
  })),
  files('a source map', () => ({
    'dist/app.js.map': JSON.stringify({
      version: 3,
      sources: ['../src/app.ts'],
      names: [],
      mappings: range(4000)
        .map((index) => ['AAAA', 'CAAC', 'GAAG', 'IAAI', 'MAAM'][index % 5])
        .join(','),
    }),
  })),
  files('a list of UUIDs', () => ({
    'ids.json': JSON.stringify(
      range(300).map((index) => ({ id: uuid(`id ${index}`), name: `item ${index}` })),
    ),
  })),
  files('a list of SHA-256 sums', () => ({
    SHA256SUMS: range(200)
      .map((index) => `${digest('sha256', `file ${index}`, 'hex')}  dist/file-${index}.tar.gz\n`)
      .join(''),
  })),
  files('an image inside CSS', () => ({
    'style.css': `.logo { background: url("data:image/png;base64,${png().toString('base64')}"); }\n`,
  })),
  files('a public key and a certificate', () => ({
    'keys/public.pem': generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
    'keys/ca.crt': `-----BEGIN CERTIFICATE-----\n${wrapped(noise(900, 'certificate').toString('base64'))}\n-----END CERTIFICATE-----\n`,
    'keys/id_ed25519.pub': `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${noise(32, 'ssh').toString('base64').slice(0, 43)} agent@example.com\n`,
  })),
  files('known hosts', () => ({
    known_hosts: `git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${noise(32, 'host').toString('base64').slice(0, 43)}\n`,
  })),
  files('a change log with commit ids', () => ({
    'CHANGELOG.md': range(60)
      .map(
        (index) =>
          `## 1.${index}.0\n\n- rotate the API key of the deploy job (${digest('sha1', `l${index}`, 'hex').slice(0, 7)})\n- [${digest('sha1', `m${index}`, 'hex')}](https://github.com/org/app/commit/${digest('sha1', `m${index}`, 'hex')}) fix tokens\n\n`,
      )
      .join(''),
  })),
  files('documentation with placeholders', () => ({
    'docs/auth.md': [
      'Set the token:',
      '',
      '    export GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
      '    export GITLAB_TOKEN=<YOUR_TOKEN>',
      '    export API_KEY=your-api-key-here',
      '    curl -H "Authorization: Bearer $TOKEN" https://api.example.com/',
      '    aws_access_key_id = AKIAIOSFODNN7EXAMPLE',
      '    postgres://user:password@localhost:5432/app',
      '',
    ].join('\n'),
  })),
  files('an example of an environment file', () => ({
    '.env.example': 'DATABASE_URL=\nAPI_KEY=\nSECRET_KEY_BASE=changeme\nSTRIPE_KEY=sk_test_...\nDEBUG=true\n',
  })),
  files('a workflow-like file that names secrets', () => ({
    'ci/deploy.yml':
      'env:\n  TOKEN: ${{ secrets.DEPLOY_TOKEN }}\n  KEY: ${API_KEY}\n  PASSWORD: "{{ vault.password }}"\n',
  })),
  files('a Terraform module with variables', () => ({
    'main.tf':
      'variable "db_password" {\n  type      = string\n  sensitive = true\n}\n\nresource "db" "x" {\n  password = var.db_password\n}\n',
  })),
  files('translations', () => ({
    'i18n/de.json': JSON.stringify({
      password: 'Passwort',
      token: 'Zugangsschlüssel',
      'api.key': 'API-Schlüssel',
    }),
    'i18n/ja.json': JSON.stringify({ password: 'パスワード', token: 'トークン', 'api.key': 'APIキー' }),
    'i18n/ar.json': JSON.stringify({ password: 'كلمة المرور', token: 'رمز' }),
  })),
  files('CRLF, no line break at the end, an empty file', () => ({
    'dos.txt': 'one\r\ntwo\r\n',
    'end.txt': 'no end',
    'empty.txt': '',
  })),
  files('one line of 3 MB', () => ({ 'data.txt': 'lorem ipsum dolor sit amet '.repeat(115_000) })),
  files('a CSV of 4 MB', () => ({
    'data.csv': range(60_000)
      .map((index) => `${index},${index * 7},name ${index % 997},2024-01-${(index % 28) + 1},${index / 3}\n`)
      .join(''),
  })),
  files('a recorded HTTP exchange without credentials', () => ({
    'cassette.yml':
      'request:\n  uri: https://api.example.com/v1/users?page=2\n  headers:\n    Authorization: "[FILTERED]"\n    Accept: application/json\nresponse:\n  status: 200\n  etag: W/"33a64df551425fcc55e4d42a148795d9f25f89d4"\n',
  })),
  files('a test with obviously false values', () => ({
    'test/client.test.ts':
      "const client = createClient({ apiKey: 'test', token: 'fake-token', password: 'hunter2' });\nexpect(client.headers.authorization).toBe('Bearer fake-token');\n",
  })),
  files('an SVG', () => ({
    'icon.svg': `<svg xmlns="http://www.w3.org/2000/svg"><path d="${range(800)
      .map((index) => `M${index} ${index * 2}l1.${index} 2`)
      .join('')}"/></svg>\n`,
  })),
  files('a notebook with outputs', () => ({
    'analysis.ipynb': JSON.stringify({
      cells: [
        {
          cell_type: 'code',
          id: '1f0c7a52',
          source: ['import pandas as pd\n'],
          outputs: [{ data: { 'image/png': png().toString('base64') } }],
        },
      ],
      nbformat: 4,
    }),
  })),
  files('protocol buffers and generated code', () => ({
    'api.pb.go': `var file_api_proto_rawDesc = []byte{\n${range(400)
      .map((index) => `\t0x${(index % 256).toString(16).padStart(2, '0')}, 0x0a, 0x12, 0x70,\n`)
      .join('')}}\n`,
  })),
];
