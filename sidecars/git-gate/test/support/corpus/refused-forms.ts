import { deflateRawSync, gzipSync } from 'node:zlib';
import { fakeSecret, plainValue } from '../fake-secrets.ts';
import type { RefusedCase } from './contracts.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A credential in files of every form and name that a scanner may skip or misread. */
function form(name: string, files: (secret: string) => Files, only?: RefusedCase['only']): RefusedCase {
  const secret = fakeSecret(`form ${name}`);
  return {
    name,
    code: 'secret_found',
    secret,
    make: async (work) => void (await work.commit(files(secret))),
    ...(only === undefined ? {} : { only }),
  };
}

function known(name: string, value: string, files: (value: string) => Files): RefusedCase {
  return {
    name,
    code: 'secret_found',
    secret: value,
    make: async (work) => void (await work.commit(files(value))),
  };
}

const builtinOnly = (because: string): RefusedCase['only'] => ({ scanner: 'builtin', because });
const line = (secret: string): string => `token = "${secret}"\n`;
const filler = (bytes: number): string => 'the quick brown fox jumps over the lazy dog\n'.repeat(bytes / 44);

/** Starts of files that scanners take for something they need not read. */
const zip = Buffer.from([0x50, 0x4b, 0x03, 0x04, 20, 0, 0, 0, 8, 0]);
const elf = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]);
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export const corpusCanary = plainValue('canary of the corpus');
export const corpusValue = plainValue('variable of the corpus');

export const refusedForms: readonly RefusedCase[] = [
  form('in a binary file with zero bytes', (secret) => ({
    'data.bin': Buffer.concat([Buffer.alloc(300), Buffer.from(line(secret)), Buffer.alloc(300)]),
  })),
  form('behind the start of a zip file', (secret) => ({
    'data.zip': Buffer.concat([zip, Buffer.from(`\n${line(secret)}`)]),
  })),
  form('behind the start of a program', (secret) => ({
    program: Buffer.concat([elf, Buffer.from(`\n${line(secret)}`)]),
  })),
  form('behind the start of a picture', (secret) => ({
    'picture.png': Buffer.concat([png, Buffer.from(`\n${line(secret)}`)]),
  })),
  form('behind the mark of a tar file', (secret) => ({
    'data.txt': Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from(`ustar\0\x30\x30\n${line(secret)}`)]),
  })),
  form('in a file named package-lock.json', (secret) => ({ 'package-lock.json': line(secret) })),
  form('in a file named go.sum', (secret) => ({ 'go.sum': line(secret) })),
  form('in a file named .svg', (secret) => ({ 'x.svg': `<svg><!-- ${line(secret)} --></svg>\n` })),
  form('in a file named .png', (secret) => ({ 'x.png': line(secret) })),
  form('in a file below node_modules', (secret) => ({ 'node_modules/x/index.js': line(secret) })),
  form('in a file below vendor', (secret) => ({ 'vendor/github.com/x/y.go': line(secret) })),
  form('in a file named gitleaks.toml', (secret) => ({ 'gitleaks.toml': line(secret) })),
  form('beside a .gitleaksignore and a .gitleaks.toml that allow everything', (secret) => ({
    '.gitleaksignore': 'a.ini:github-pat:1\n',
    '.gitleaks.toml': `[allowlist]\npaths = ['''.*''']\n`,
    'a.ini': line(secret),
  })),
  form('after 10 MB of text', (secret) => ({ 'log.txt': `${filler(10_000_000)}${line(secret)}` })),
  form('in the middle of one line of 5 MB', (secret) => ({
    'data.txt': `${'word '.repeat(500_000)}"${secret}" ${'word '.repeat(500_000)}`,
  })),
  form('across the 100,000th byte', (secret) => ({
    'data.txt': `${filler(99_968).slice(0, 99_970)}\n\n${line(secret)}${filler(44_000)}`,
  })),
  form('in base64', (secret) => ({
    'k8s.yml': `data:\n  token: ${Buffer.from(line(secret)).toString('base64')}\n`,
  })),
  form('in hex', (secret) => ({ 'dump.txt': `payload: ${Buffer.from(line(secret)).toString('hex')}\n` })),
  form('in JSON', (secret) => ({ 'a.json': JSON.stringify({ nested: { token: secret, more: [1, 2] } }) })),
  form('in JSON inside JSON', (secret) => ({
    'a.json': JSON.stringify({ body: JSON.stringify({ token: secret }) }),
  })),
  form('in JSON with escaped letters', (secret) => ({
    'a.json': `{"token":"${Array.from(secret)
      .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')}"}`,
  })),
  form('in a file with CRLF', (secret) => ({ 'a.ini': `[a]\r\n${line(secret).trim()}\r\n` })),
  form('in a notebook', (secret) => ({
    'analysis.ipynb': JSON.stringify({
      cells: [{ cell_type: 'code', source: ['import os\n', `os.environ["TOKEN"] = "${secret}"\n`] }],
      nbformat: 4,
    }),
  })),
  form('in a comment of HTML', (secret) => ({ 'index.html': `<!-- ${secret} -->\n` })),
  form('in a minified script', (secret) => ({
    'app.min.js': `!function(){var a=1;${'function b(c){return c+a}'.repeat(4000)}var d="${secret}";b(d)}();`,
  })),
  form('in a .env file', (secret) => ({ '.env': `A=1\nGH_TOKEN=${secret}\nB=2\n` })),
  form('in a file with a name that turns the line around', (secret) => ({
    'na\u00efve \u202e.txt': line(secret),
  })),
  form('in a file without a line break at its end', (secret) => ({ 'a.txt': line(secret).trim() })),
  form('on a line that asks to be ignored', (secret) => ({
    'a.ini': `token = "${secret}" # gitleaks:allow\n`,
  })),
  form('in a shell script with a credential in an address', (secret) => ({
    'clone.sh': `git clone https://x-access-token:${secret}@github.com/org/repo.git\n`,
  })),
  form(
    'gzip around base64 of it',
    (secret) => ({ 'a.txt': `blob: ${gzipSync(line(secret)).toString('base64')}\n` }),
    builtinOnly('gitleaks does not inflate'),
  ),
  form('in UTF-16 with a byte order mark', (secret) => ({
    'settings.reg': Buffer.from(`\ufeff${line(secret)}`, 'utf16le'),
  })),
  known('the canary', corpusCanary, (value) => ({ 'a.txt': `see ${value}\n` })),
  known('the canary in base64', corpusCanary, (value) => ({
    'a.txt': `${Buffer.from(`x${value}`).toString('base64')}\n`,
  })),
  known('the canary, split over lines', corpusCanary, (value) => ({
    'a.txt': `${value.slice(0, 13)}\n${value.slice(13, 26)}\n${value.slice(26)}\n`,
  })),
  known('the canary, reversed', corpusCanary, (value) => ({
    'a.txt': `${Array.from(value).toReversed().join('')}\n`,
  })),
  known('the canary in UTF-16', corpusCanary, (value) => ({ 'a.txt': Buffer.from(value, 'utf16le') })),
  known('the value of a variable of the bottle', corpusValue, (value) => ({ 'a.txt': `x=${value}\n` })),
  known('the value of a variable in base64', corpusValue, (value) => ({
    'a.txt': `${Buffer.from(value).toString('base64')}\n`,
  })),
  known('the value of a variable in hex', corpusValue, (value) => ({
    'a.txt': `${Buffer.from(value).toString('hex')}\n`,
  })),
  {
    name: 'the value of a variable in a commit message',
    code: 'secret_found',
    secret: corpusValue,
    make: async (work) => void (await work.commit({ 'a.txt': 'a\n' }, `deploy with ${corpusValue}`)),
  },
  {
    name: 'the value of a variable in the name of a branch',
    code: 'secret_found',
    secret: corpusValue,
    make: async () => [`HEAD:refs/heads/agent/${corpusValue}`],
  },
  known('the value of a variable at the end of a zip file', corpusValue, (value) => ({
    'a.zip': Buffer.concat([zip, deflateRawSync('nothing'), Buffer.from(value)]),
  })),
];
