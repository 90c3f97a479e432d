import type { AttackClass } from '../attack.ts';
import type { Facts } from '../facts.ts';
import type { Step } from '../step.ts';
import { curl } from './steps.ts';

// Put together here, so that no scanner takes this file for a leak.
const leaked = ['glpat', 'x9Kq2mZr7TbW4nLs8VfA'].join('-');

/** Runs in a fresh clone of the repository behind the gate. */
function inClone(at: Facts, script: string): Step {
  const sh = `
exec 2>&1; set -u; work=$(mktemp -d); git clone -q ${at.gitUrl} "$work" && cd "$work" || exit 99
secret=${leaked}
commit() { git add --all; git commit -q -m "$1"; }
${script}`;
  return { sh, limitMs: 60_000 };
}

const toGate = (path: string, options = ''): string =>
  `--noproxy '*' --path-as-is -i ${options} 'http://git-gate:9420${path}'`;

const refused = { silent: ['remote'] } as const;
const secretFound = { denied: /remote: git-gate: secret_found/, ...refused };

/** Pushes a pack that is made by hand: the ref of the first commit, and whatever objects are named. */
const handMade = `
line() { printf '%04x%s' $((\${#1} + 4)) "$1"; }
push_objects() { # ref commit, object names on stdin
  { printf '%04x%s %s %s\\0 report-status side-band-64k\\n0000' $((40 + 1 + 40 + 1 + \${#1} + 1 + 29 + 4)) 0000000000000000000000000000000000000000 "$2" "$1"
    git pack-objects -q --stdout; } > /tmp/push-body
  curl -sS --noproxy '*' -m 30 -i -H 'Content-Type: application/x-git-receive-pack-request' --data-binary @/tmp/push-body http://git-gate:9420/project.git/git-receive-pack | tr -d '\\0'
}`;

/** What is pushed, and how the gate is spoken to. */
export const git: AttackClass = {
  id: 'git',
  title: 'Git',
  controls: [
    {
      id: 'git/clean-push',
      does: 'a clean commit, and one made by hand, arrive at the remote',
      steps: (at) => [
        inClone(at, 'echo a > a.txt; commit a; git push -q origin HEAD:refs/heads/clean && echo pushed'),
        inClone(
          at,
          `${handMade}
git fetch -q origin; echo b > b.txt; commit b
git rev-list --objects HEAD ^origin/main | push_objects refs/heads/by-hand $(git rev-parse HEAD)
git ls-remote origin by-hand | grep -q by-hand && echo pushed`,
        ),
      ],
      answered: /pushed/,
      noted: ['remote'],
    },
    {
      id: 'git/fetch-https',
      does: 'a fetch over HTTPS from a route that allows it reaches the server',
      steps: (at) => curl(`'https://git.e2e.test:${at.port}/r.git/info/refs?service=git-upload-pack'`),
      answered: /reached/,
      noted: ['upstream'],
    },
  ],
  attacks: [
    {
      id: 'git/push-https',
      tries: 'a push over HTTPS past the gate: by git, and its requests by hand with encoded names',
      seen: '`git_push_over_https`; nothing is dialled',
      steps: (at) => [
        inClone(at, `git push https://git.e2e.test:${at.port}/r.git HEAD:main; true`),
        ...curl(
          `'https://git.e2e.test:${at.port}/r.git/info/refs?service=git-receive-pack'`,
          `'https://git.e2e.test:${at.port}/r.git/info/refs?x=1&service=git%2dreceive%2Dpack'`,
          `-d x 'https://git.e2e.test:${at.port}/r.git/git-receive-pack'`,
          `-d x 'https://git.e2e.test:${at.port}/r.git/git%2dreceive-pack'`,
        ),
      ],
      // git shows no body of a refusal, but its status.
      denied: /git_push_over_https|error: 403/,
      silent: ['upstream', 'remote'],
    },
    {
      id: 'git/intermediate-commit',
      tries: 'a secret that the next commit removes',
      seen: '`secret_found`; no object arrives',
      steps: (at) => [
        inClone(
          at,
          'echo "token = $secret" > c.ini; commit one; rm c.ini; commit two; git push origin HEAD:refs/heads/leak',
        ),
      ],
      ...secretFound,
    },
    {
      id: 'git/merge-only',
      tries: 'a secret that only a merge has, and no diff of it shows',
      seen: '`secret_found`; no object arrives',
      steps: (at) => [
        inClone(
          at,
          `git checkout -q -b side; echo s > s.txt; commit s; git checkout -q -b other HEAD^; echo o > o.txt; commit o
git merge -q --no-commit side; echo "token = $secret" > m.ini; git add m.ini; git commit -q -m merge; git push origin HEAD:refs/heads/merged`,
        ),
      ],
      ...secretFound,
    },
    {
      id: 'git/message',
      tries: 'a secret in a commit message, the author, a file name, and the name of a branch',
      seen: '`secret_found`; no object arrives',
      steps: (at) => [
        inClone(at, 'echo a > a2; commit "token $secret"; git push origin HEAD:refs/heads/message'),
        inClone(
          at,
          'echo a > a3; git add a3; git commit -q --author "$secret <a@b>" -m x; git push origin HEAD:refs/heads/author',
        ),
        inClone(at, 'echo a > "$secret"; commit x; git push origin HEAD:refs/heads/name'),
        inClone(at, 'echo a > a4; commit x; git push origin "HEAD:refs/heads/$secret"'),
      ],
      ...secretFound,
    },
    {
      id: 'git/tag',
      tries: 'a secret in the message of a tag, and in a tag on a blob',
      seen: '`secret_found`; no object arrives',
      steps: (at) => [
        inClone(at, 'git tag -a -m "token $secret" v1; git push origin v1'),
        inClone(at, 'git tag v2 $(echo "token = $secret" | git hash-object -w --stdin); git push origin v2'),
      ],
      ...secretFound,
    },
    {
      id: 'git/renamed-binary',
      tries: 'a secret in a renamed file, in a binary one, in a compressed one, and as UTF-16',
      seen: '`secret_found`; no object arrives',
      steps: (at) => [
        inClone(
          at,
          'echo "token = $secret" > a.ini; commit a; git mv a.ini b.png; commit b; git push origin HEAD:refs/heads/renamed',
        ),
        inClone(
          at,
          String.raw`printf '\0\1\2PNG\0 token = %s \0\377' "$secret" > x.bin; commit b; git push origin HEAD:refs/heads/binary`,
        ),
        inClone(at, 'echo "$DEPLOY_KEY" | gzip > x.gz; commit b; git push origin HEAD:refs/heads/zipped'),
      ],
      ...secretFound,
    },
    {
      id: 'git/allow-marker',
      tries: 'a secret beside `gitleaks:allow`, with scanner configuration and ignore files in the push',
      seen: 'refused; no object arrives',
      steps: (at) => [
        inClone(
          at,
          `echo "token = $secret # gitleaks:allow" > a.ini; printf '[allowlist]\\npaths=[".*"]\\n' > .gitleaks.toml; echo '*' > .gitleaksignore
commit a; git push origin HEAD:refs/heads/marked`,
        ),
      ],
      ...secretFound,
    },
    {
      id: 'git/force',
      tries: 'a force push over a branch, and over the remote’s default one',
      seen: '`push_policy_force` or `push_policy_branch`; the refs stay',
      steps: (at) => [
        inClone(
          at,
          'git checkout -q clean 2>/dev/null || git checkout -q -b clean origin/clean; git commit -q --amend -m other; git push --force origin HEAD:refs/heads/clean',
        ),
        inClone(at, 'git commit -q --amend -m other; git push origin +HEAD:main'),
      ],
      denied: /remote: git-gate: push_policy_(?:force|branch)/,
      ...refused,
    },
    {
      id: 'git/default-branch',
      tries: '`HEAD:main`, its full name, and by way of a symbolic name',
      seen: '`push_policy_branch`; the branch stays',
      steps: (at) => [
        inClone(at, 'echo x > x; commit x; git push origin HEAD:main'),
        inClone(at, 'echo x > x; commit x; git push origin HEAD:refs/heads/main HEAD:refs/heads/fine'),
        inClone(
          at,
          'echo x > x; commit x; git branch -f fine; git push --atomic origin fine:main fine:fine2',
        ),
      ],
      denied: /remote: git-gate: push_policy_branch/,
      ...refused,
    },
    {
      id: 'git/delete',
      tries: 'deleting a branch, and the default one',
      seen: '`push_policy_delete` or `push_policy_branch`; the refs stay',
      steps: (at) => [
        inClone(at, 'git push origin :refs/heads/clean'),
        inClone(at, 'git push --delete origin main'),
      ],
      denied: /remote: git-gate: push_policy_(?:delete|branch)/,
      ...refused,
    },
    {
      id: 'git/push-options',
      tries: 'push options, asked for by git and claimed by hand',
      seen: 'not offered, and refused where claimed; nothing arrives',
      steps: (at) => [
        inClone(at, 'echo x > x; commit x; git push -o ci.skip origin HEAD:refs/heads/options'),
        inClone(
          at,
          `${handMade}
echo x > x; commit x; new=$(git rev-parse HEAD); ref=refs/heads/options2
{ printf '%04x%s %s %s\\0 report-status side-band-64k push-options\\n0000' $((40 + 1 + 40 + 1 + \${#ref} + 1 + 42 + 4)) 0000000000000000000000000000000000000000 $new $ref
  line ci.skip; printf 0000; git rev-list --objects HEAD ^origin/main | git pack-objects -q --stdout; } > /tmp/push-body
curl -sS --noproxy '*' -m 30 -i -H 'Content-Type: application/x-git-receive-pack-request' --data-binary @/tmp/push-body http://git-gate:9420/project.git/git-receive-pack | tr -d '\\0'; git ls-remote origin options2`,
        ),
      ],
      denied: /does not support push options|push_option_refused|HTTP\/1\.1 4\d\d/,
      ...refused,
    },
    {
      id: 'git/hooks',
      tries: 'hooks and CI files in the push: folders that `core.hooksPath` is pointed at, workflows',
      seen: '`push_policy_path`; nothing arrives',
      steps: (at) => [
        inClone(
          at,
          'mkdir .githooks; echo evil > .githooks/pre-commit; commit x; git push origin HEAD:refs/heads/hooks',
        ),
        inClone(
          at,
          'mkdir -p .github/workflows; echo "on: push" > .github/workflows/ci.yml; commit x; git push origin HEAD:refs/heads/ci',
        ),
      ],
      denied: /remote: git-gate: push_policy_path/,
      ...refused,
    },
    {
      id: 'git/submodule-url',
      tries:
        'a `.gitmodules` with a URL that runs something or leads elsewhere, and a `.gitattributes` filter',
      seen: '`push_policy_path`; nothing arrives',
      steps: (at) => [
        inClone(
          at,
          `printf '[submodule "x"]\\n\\tpath = x\\n\\turl = ext::sh -c touch%%20/tmp/x\\n' > .gitmodules; commit x; git push origin HEAD:refs/heads/sub`,
        ),
        inClone(
          at,
          `printf '[submodule "x"]\\n\\tpath = x\\n\\turl = --upload-pack=touch\\n' > .gitmodules; commit x; git push origin HEAD:refs/heads/sub2`,
        ),
        inClone(
          at,
          'echo "* filter=evil" > .gitattributes; commit x; git push origin HEAD:refs/heads/filter',
        ),
      ],
      denied: /remote: git-gate: push_policy_path|remote: error: object [0-9a-f]+: /,
      ...refused,
    },
    {
      id: 'git/alternates',
      tries: 'reading and writing the mirror’s files: alternates, configuration, objects by name',
      seen: '404; nothing is read or written',
      steps: () =>
        curl(
          toGate('/project.git/objects/info/alternates'),
          toGate('/project.git/objects/info/packs'),
          toGate('/project.git/config'),
          toGate('/project.git/HEAD'),
          toGate('/project.git/objects/info/alternates', '-X PUT -d /etc'),
        ),
      denied: /HTTP\/1\.1 404/,
      ...refused,
    },
    {
      id: 'git/hidden-commits',
      tries: 'a pack with objects that no pushed ref reaches, a secret in them, to be named later',
      seen: '`hidden_objects` or `secret_found`; nothing arrives',
      steps: (at) => [
        inClone(
          at,
          `${handMade}
echo x > x; commit x; visible=$(git rev-parse HEAD); echo "token = $secret" > h; commit hidden
git rev-list --objects HEAD ^origin/main | push_objects refs/heads/hidden $visible`,
        ),
      ],
      denied: /hidden_objects|secret_found/,
      ...refused,
    },
    {
      id: 'git/gzip-bomb',
      tries: 'a request of 60 kilobytes that expands to 60 MB',
      seen: 'the request is refused; the gate serves the next one',
      steps: (at) =>
        ['git-receive-pack', 'git-upload-pack'].map((service) => ({
          sh: `[ -s /tmp/bomb ] || head -c 60000000 /dev/zero | gzip > /tmp/bomb
curl -sS --noproxy '*' -m 40 -o /dev/null -w 'bomb %{http_code}\n' -H 'Content-Encoding: gzip' -H 'Content-Type: application/x-${service}-request' --data-binary @/tmp/bomb http://git-gate:9420/project.git/${service} 2>&1
git ls-remote ${at.gitUrl} main`,
          limitMs: 90_000,
        })),
      denied: /(?:bomb 4\d\d|curl: )[^]*refs\/heads\/main/,
      ...refused,
    },
    {
      id: 'git/path-traversal',
      tries: 'paths out of the repository, plain, encoded and doubled, and other names',
      seen: '404; nothing of the host is read',
      steps: () =>
        curl(
          ...[
            '/../../etc/passwd',
            '/project.git/../../../etc/passwd',
            '/project.git/%2e%2e/%2e%2e/etc/passwd',
            '/..%2fproject.git/info/refs?service=git-upload-pack',
            '/project.git/../project.git/info/refs?service=git-upload-pack',
            '//project.git/info/refs?service=git-upload-pack',
            '/project/info/refs?service=git-upload-pack',
            '/project.git%00/info/refs?service=git-upload-pack',
          ].map((path) => toGate(path)),
        ),
      denied: /HTTP\/1\.1 (?:400|404)/,
      never: /root:x/,
      ...refused,
    },
    {
      id: 'git/argument-injection',
      tries: 'names of repositories, services, refs and URLs that a command line would take for options',
      seen: 'refused; nothing is run',
      steps: (at) => [
        ...curl(
          toGate(`/--upload-pack=touch%20${at.planted}/info/refs?service=git-upload-pack`),
          toGate(`/project.git/info/refs?service=git-upload-pack%20--exec=touch`),
          toGate('/project.git/info/refs?service=--help'),
        ),
        inClone(
          at,
          `${handMade}
echo x > x; commit x; git rev-list --objects HEAD ^origin/main | push_objects 'refs/heads/-x --receive-pack=touch' $(git rev-parse HEAD)`,
        ),
        inClone(at, `git ls-remote 'ssh://-oProxyCommand=touch ${at.planted}/x' 2>&1`),
      ],
      denied: /HTTP\/1\.1 4\d\d|funny refname|git-gate: |refused|strange hostname|fatal: /,
      silent: ['remote', 'files'],
    },
  ],
};
