import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDockerfile, imagesOf, MAX_DOCKERFILE_BYTES, renderDockerfile } from '../src/index.ts';

const images = {
  agent: 'sha256:0',
  'bot-bottle-claude': 'sha256:1',
  'bot-bottle-codex': 'sha256:2',
  'bot-bottle-command': 'sha256:3',
};

/** What the builder would get, line by line. */
function built(text: string): string[] {
  const checked = checkDockerfile(text);
  if (!checked.ok) throw new Error(checked.problems.join('; '));
  return renderDockerfile(checked.dockerfile, images).trimEnd().split('\n');
}

function problems(text: string): string {
  const checked = checkDockerfile(text);
  return checked.ok ? '' : checked.problems.join('; ');
}

describe('a Dockerfile that obeys the rules', () => {
  it('becomes one instruction a line, on images by their id', () => {
    expect(
      built(
        [
          '# a tool',
          '',
          'from bot-bottle-command as tools',
          '\trun mkdir /out && \\',
          '      # why it is there',
          '      printf "#!/bin/sh\\necho %s\\n" "$1" > /out/tool',
          'FROM agent',
          'ARG PLACE=/usr/local/bin',
          'ENV A=1 B="two words"',
          'SHELL ["/bin/bash", "-c"]',
          'USER root',
          'WORKDIR /opt',
          'COPY --from=tools --chown=0:0 /out/tool $PLACE/',
          'COPY --from=0 ["/out/tool", "/usr/local/bin/other"]',
          '',
        ].join('\r\n'),
      ),
    ).toEqual([
      'FROM sha256:3 AS stage0',
      'RUN mkdir /out &&       printf "#!/bin/sh\\necho %s\\n" "$1" > /out/tool',
      'FROM sha256:0 AS stage1',
      'ARG PLACE=/usr/local/bin',
      'ENV A=1 B="two words"',
      'SHELL ["/bin/bash", "-c"]',
      'USER root',
      'WORKDIR /opt',
      'COPY --from=0 --chown=0:0 /out/tool $PLACE/',
      'COPY --from=0 ["/out/tool", "/usr/local/bin/other"]',
    ]);
  });

  it('may be built on an earlier stage, and says on which images', () => {
    const text =
      'FROM agent AS one\nRUN a\nFROM one AS two\nRUN b\nFROM bot-bottle-codex\nCOPY --from=two /a /a\n';
    expect(built(text)).toEqual([
      'FROM sha256:0 AS stage0',
      'RUN a',
      'FROM stage0 AS stage1',
      'RUN b',
      'FROM sha256:2 AS stage2',
      'COPY --from=1 /a /a',
    ]);
    const checked = checkDockerfile(text);
    expect(checked.ok && imagesOf(checked.dockerfile)).toEqual(['agent', 'bot-bottle-codex']);
  });

  it('keeps what a shell reads as it is', () => {
    const shell = String.raw`RUN set -eu; x='a  b'; echo "$x" \# no comment $(id) > /a; [ 1 -gt 0 ] # end`;
    expect(built(`FROM agent\n${shell}`)[1]).toBe(shell);
  });
});

describe('an attack on the rules', () => {
  it.each<[string, string, RegExp]>([
    ['nothing', '', /no FROM/],
    ['comments only', '# FROM agent\n', /no FROM/],
    ['no FROM first', 'RUN id\nFROM agent', /line 1: RUN comes before the first FROM/],
    ['an argument before FROM', 'ARG AGENT_IMAGE=evil\nFROM agent', /ARG comes before/],
    ['another image', 'FROM debian', /must name agent/],
    ['another image with the name as its tag', 'FROM evil/agent', /must name agent/],
    ['a tag of ours', 'FROM bot-bottle-command:latest', /must name agent/],
    ['a digest', `FROM agent@sha256:${'0'.repeat(64)}`, /must name agent/],
    ['an id', `FROM sha256:${'0'.repeat(64)}`, /must name agent/],
    ['scratch', 'FROM scratch', /must name agent/],
    ['a variable', 'FROM ${AGENT_IMAGE}', /must name agent/],
    ['a later stage', 'FROM b AS a\nFROM agent AS b', /line 1: FROM must name/],
    ['itself', 'FROM a AS a', /must name agent/],
    ['a number of a stage', 'FROM agent\nFROM 0', /must name agent/],
    ['a platform', 'FROM --platform=windows agent', /is not `FROM image`/],
    ['capitals of an image', 'FROM Agent', /must name agent/],
    ['a stage that hides an image', 'FROM agent AS bot-bottle-claude', /name that is taken/],
    ['two stages of one name', 'FROM agent AS a\nFROM agent AS a', /line 2: FROM gives its stage a name/],
    ['a stage that is a number', 'FROM agent AS 0', /is not `FROM image`/],
    ['a stage with a variable', 'FROM agent AS a$b', /is not `FROM image`/],
    ['a comment behind FROM', 'FROM agent # latest', /is not `FROM image`/],
    ['a syntax directive', '# syntax=docker/dockerfile:1\nFROM agent', /line 1 is a parser directive/],
    ['an escape directive', '#escape=`\nFROM agent', /parser directive/],
    [
      'a check directive behind a comment',
      '# hello\n \t#  CHECK = skip=all\nFROM agent',
      /line 2 is a parser/,
    ],
    ['remote files', 'FROM agent\nADD https://evil.example/x /x', /ADD is refused/],
    ['a repository', 'FROM agent\nADD git@evil.example:x.git /x', /ADD is refused/],
    ['files of the host', 'FROM agent\nCOPY . /x', /there is no build context/],
    ['files of an image', 'FROM agent\nCOPY --from=docker.io/evil /a /a', /not understood|earlier stage/],
    ['files of an image by name', 'FROM agent\nCOPY --from=busybox /a /a', /earlier stage only/],
    ['files of one of ours', 'FROM agent\nCOPY --from=agent /a /a', /earlier stage only/],
    ['files of its own stage', 'FROM agent AS a\nCOPY --from=a /a /a', /earlier stage only/],
    ['files of its own stage by number', 'FROM agent\nCOPY --from=0 /a /a', /earlier stage only/],
    ['files of a stage twice', 'FROM agent\nFROM agent\nCOPY --from=0 --from=0 /a /a', /once each/],
    ['a mode', 'FROM agent\nFROM agent\nCOPY --from=0 --chmod=4755 /a /a', /no other option/],
    ['an option in quotes', 'FROM agent\nFROM agent\nCOPY "--from=evil" /a /a', /without --from/],
    ['an option with quotes', 'FROM agent\nFROM agent\nCOPY --from="0" /a /a', /not understood/],
    ['an option with an escape', 'FROM agent\nFROM agent\nCOPY --fr\\om=x /a /a', /not understood/],
    ['an option without a value', 'FROM agent\nFROM agent\nCOPY --from=0 --link /a /a', /not understood/],
    ['the end of options', 'FROM agent\nFROM agent\nCOPY --from=0 -- /a /a', /not understood/],
    ['a mount', 'FROM agent\nRUN --mount=type=bind,source=/,target=/h cat /h', /takes no options/],
    ['a network', 'FROM agent\nRUN  \t--network=host curl x', /takes no options/],
    ['rights', 'FROM agent\nRUN --security=insecure id', /takes no options/],
    ['options on the next line', 'FROM agent\nRUN \\\n  --mount=type=secret,id=x id', /takes no options/],
    ['a here-document', 'FROM agent\nRUN <<EOF\nid\nEOF', /<< needs another front end/],
    ['a here-document on a descriptor', 'FROM agent\nRUN cat 3<<-"E"\nE x', /<< needs another/],
    ['a volume', 'FROM agent\nVOLUME /data', /VOLUME is refused/],
    ['a trigger', 'FROM agent\nONBUILD RUN id', /ONBUILD is refused/],
    ['a label', 'FROM agent\nLABEL bot-bottle.inputs=0123456789ab', /LABEL is refused/],
    ['an entry point', 'FROM agent\nENTRYPOINT ["/evil"]', /ENTRYPOINT has no effect/],
    ['a command', 'FROM agent\nCMD evil', /CMD has no effect/],
    ['a health check', 'FROM agent\nHEALTHCHECK CMD evil', /HEALTHCHECK has no effect/],
    ['a stop signal', 'FROM agent\nSTOPSIGNAL 0', /STOPSIGNAL has no effect/],
    ['something unknown', 'FROM agent\nIMPORT x', /IMPORT is not known/],
    ['a shell that is no list', 'FROM agent\nSHELL /bin/sh -c', /needs a JSON list/],
    ['options of others', 'FROM agent\nENV --mount=x a=b', /ENV takes no options/],
    ['a keyword only', 'FROM agent\nRUN', /line 2 is no instruction/],
    ['no keyword', 'FROM agent\n&& id', /line 2 is no instruction/],
    ['a keyword in pieces', 'FROM agent\nR\\\nUN id\nONB\\\nUILD RUN id', /ONBUILD is refused/],
    ['an open end', 'FROM agent\nRUN id \\', /line 2 goes on after the last line/],
    ['an open end with blanks', 'FROM agent\nRUN id \\ \t\n', /empty within an instruction|goes on/],
    ['an empty line within', 'FROM agent\nRUN id \\\n\nADD x /', /line 3 is empty within/],
    ['two backslashes', 'FROM agent\nRUN id \\\\\nADD x /', /line 2 ends with two backslashes/],
    ['a byte order mark', '\ufeffFROM agent', /line 1 holds a character/],
    ['a zero byte', 'FROM agent\0\nRUN id', /line 1 holds a character/],
    ['a carriage return', 'FROM agent\nRUN id\rADD x /', /line 2 holds a character/],
    ['another line break', 'FROM agent\u2028ADD x /', /line 1 holds a character/],
    ['a vertical tab', 'FROM\vagent', /line 1 holds a character/],
    ['a form feed', 'FROM agent\nRUN\fid', /line 2 holds a character/],
    ['a blank that is none', 'FROM agent\nRUN\u00a0id', /line 2 holds a character/],
    ['a next line', 'FROM agent\nRUN id\u0085ADD x /', /line 2 holds a character/],
    ['a hidden direction', 'FROM agent\nRUN id # \u202eevil', /line 2 holds a character/],
    ['an invisible letter in a comment', 'FROM agent\n# \u200b', /line 2 holds a character/],
    ['half a character', 'FROM agent\n# \ud800', /line 2 holds a character/],
    ['too much', `FROM agent\n# ${'x'.repeat(MAX_DOCKERFILE_BYTES)}`, /larger than 32 KiB/],
    ['too much in bytes', `FROM agent\n# ${'ä'.repeat(MAX_DOCKERFILE_BYTES / 2)}`, /larger than 32 KiB/],
    ['too many lines', `FROM agent${'\n'.repeat(1000)}`, /more than 1000 lines/],
    ['too many stages', 'FROM agent\n'.repeat(11), /more than 10 stages/],
  ])('%s', (_what, text, problem) => {
    expect(problems(text)).toMatch(problem);
  });

  it('says what is wrong on every line at once, in a few visible lines', () => {
    const text = `FROM debian\n${'ADD x /\n'.repeat(200)}`;
    const checked = checkDockerfile(text);
    expect(!checked.ok && checked.problems.length).toBe(20);
    expect(problems('FROM agent\nADD x /\nVOLUME /x')).toMatch(/line 2: ADD .*line 3: VOLUME /);
  });

  it('an image that is not given is never left to a registry', () => {
    const checked = checkDockerfile('FROM bot-bottle-codex');
    if (!checked.ok) throw new Error('not taken');
    expect(() => renderDockerfile(checked.dockerfile, { agent: 'sha256:0' })).toThrow(/no image is given/);
  });
});

describe('whatever is written', () => {
  const words = [
    'FROM',
    'agent',
    'RUN',
    'ADD',
    'COPY',
    '--from=0',
    '--mount=x',
    'ONBUILD',
    'LABEL',
    'a',
    'AS',
  ];
  const signs = ['\\', '\\\n', '\n', '\r\n', '\r', ' ', '\t', '#', '# syntax=x\n', '"', '[', '<<E', '${A}'];
  const odd = [
    '\u00a0',
    '\v',
    '\ufeff',
    '\0',
    'FROM agent\n',
    '\nRUN a',
    '\nCOPY --from=0 a b',
    'FROM agent AS x\n',
  ];
  const word = fc.constantFrom(...words, ...signs, ...odd);
  const text = fc
    .tuple(
      fc.constantFrom('', 'FROM agent\n', 'FROM agent AS x\nFROM agent\n'),
      fc.array(word, { maxLength: 25 }),
    )
    .map(([start, words]) => start + words.join(''));

  it('what the builder gets is one known instruction a line, and only images by their id', () => {
    let taken = 0;
    fc.assert(
      fc.property(text, (dockerfile) => {
        const checked = checkDockerfile(dockerfile);
        if (!checked.ok) return;
        taken += 1;
        for (const [index, line] of built(dockerfile).entries()) {
          if (index === 0) expect(line).toMatch(/^FROM sha256:\d AS stage0$/);
          expect(line).toMatch(
            /^(?:FROM (?:sha256:\d|stage\d+) AS stage\d+|RUN (?!\s*--)(?!.*<<).*|COPY --from=\d+ (?:--chown=\S+ )?(?!--).*|(?:ARG|ENV|USER|WORKDIR) (?!--).*|SHELL \[.*\])$/,
          );
          // It would take the next line along.
          expect(line).not.toMatch(/\\[ \t]*$/);
          expect(line).not.toMatch(/[^\P{C}\t]|[\u00a0\u2028\u2029\ufeff]/u);
        }
      }),
      { numRuns: 20_000 },
    );
    // The property says nothing where nothing is taken.
    expect(taken).toBeGreaterThan(200);
  });

  it('checking it never fails, and what was taken is taken again as it was rendered', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary', maxLength: 200 })), (dockerfile) => {
        const checked = checkDockerfile(dockerfile);
        if (!checked.ok) {
          expect(checked.problems.length).toBeGreaterThan(0);
          for (const problem of checked.problems) expect(problem).toMatch(/^\P{C}*$/u);
          return;
        }
        const same = checkDockerfile(
          renderDockerfile(checked.dockerfile, {
            agent: 'agent',
            'bot-bottle-claude': 'bot-bottle-claude',
            'bot-bottle-codex': 'bot-bottle-codex',
            'bot-bottle-command': 'bot-bottle-command',
          }),
        );
        expect(same).toEqual(checked);
      }),
      { numRuns: 5000 },
    );
  });
});
