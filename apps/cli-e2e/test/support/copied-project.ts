import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { World } from './world.ts';

/** A folder of the operator with these files, to be copied into a bottle. */
export function project(world: World, files: Readonly<Record<string, string>>): string {
  const root = path.join(world.home, 'project');
  const own = (file: string): void => chownSync(file, world.operator.uid, world.operator.uid);
  mkdirSync(root, { recursive: true });
  own(root);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    for (const folder of foldersTo(root, path.dirname(file))) {
      mkdirSync(folder, { recursive: true });
      own(folder);
    }
    writeFileSync(file, text);
    own(file);
  }
  return root;
}

/** Ends what runs, so that nothing of it is left when the world goes. */
export async function stopAll(world: World): Promise<void> {
  const listed = JSON.parse((await world.cli(['list', '--json'])).stdout) as Array<{ identity: string }>;
  if (listed.length > 0) await world.cli(['stop', ...listed.map(({ identity }) => identity)]);
  await world.close();
}

function foldersTo(root: string, folder: string): string[] {
  return folder === root ? [] : [...foldersTo(root, path.dirname(folder)), folder];
}

/** What an agent may leave behind; runs in its workspace. */
export const hostileScript = String.raw`
echo changed > a.txt; rm gone.txt; chmod +x mode.sh; echo new > new.txt
mkdir -p .git/hooks .vscode sub out
printf '#!/bin/sh\ntouch /tmp/pwned\n' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
printf '[core]\n\tfsmonitor = ./evil\n' >> .git/config
echo '{"scripts":{"postinstall":"node evil"}}' > package.json
echo '{"tasks":[]}' > .vscode/tasks.json
ln -s /etc/passwd sub/absolute; ln -s ../../../../outside sub/up; ln -s ../a.txt sub/inside; ln -s sub .github
ln -s /home/node/workspace/sub folder
mkfifo sub/pipe
node -e 'require("node:net").createServer().listen("sub/socket", () => process.exit())'
truncate -s 130M sub/huge
touch "$(printf 'line\nbreak')" "$(printf 'esc\033[2J\033]52;c;eA==\007')" "$(printf 'c1\302\233J')" "$(printf 'bidi\342\200\256txt')"
touch "$(printf 'n%.0s' $(seq 255))" -- -rf 'back\slash'
echo ignored > out/made.js; echo '*' > .bottleignore
touch setuid; chmod 6755 setuid
mkdir -p ~/.local/bin; printf '#!/bin/sh\nexit 0\n' | tee ~/.local/bin/tar > ~/.local/bin/env; chmod +x ~/.local/bin/*
`;
