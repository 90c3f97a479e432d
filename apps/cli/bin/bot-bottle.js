#!/usr/bin/env node
// Kept in plain old JavaScript: this file must run, and say what is wrong, on a Node that cannot run the rest.
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `bot-bottle: error: Node.js 22.18 or newer is needed, this is ${process.versions.node}. Install a newer Node.js and run the command again.\n`,
  );
  process.exit(1);
}
// Compiled code is code: Node's default folder lies in /tmp, where another user could have put it first.
nodeModule.enableCompileCache(
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bot-bottle/compile-cache'),
);
await import('../dist/main.js');
