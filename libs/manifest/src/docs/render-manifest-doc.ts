import { claudeSubagentKeys } from '../schema/claude-keys.ts';
import { agentJsonSchema, bottleJsonSchema } from '../schema/json-schema.ts';
import { exampleAgent, exampleBottle } from './examples.ts';
import { keyTable } from './key-table.ts';

/** The manifest reference, `docs/manifest.md`. */
export function renderManifestDoc(): string {
  return `# Manifest reference

<!-- Generated from the schemas of @bot-bottle/manifest: run \`npm run generate\` in libs/manifest. Do not edit. -->

A manifest is a set of Markdown files with YAML 1.2 front matter. A **bottle** says what is allowed; an **agent** says
who works in it, and its body is the system prompt.

| what | where | trusted |
|---|---|---|
| bottles | \`~/.bot-bottle/bottles/<name>.md\` | yes |
| agents | \`~/.bot-bottle/agents/<name>.md\` | yes |
| repository agents | \`$CWD/.bot-bottle/agents/<name>.md\`, before a home agent of the same name | no: confirmed once per content |
| \`$CWD/.bot-bottle/bottles/\` | ignored with a warning: a repository cannot grant itself reach | – |

\`BOT_BOTTLE_HOME\` replaces \`~/.bot-bottle\`. Names match \`[a-z][a-z0-9-]*\`. Files are UTF-8 and at most 256 KiB;
files of a repository are opened without following links. The JSON Schemas are published with the package as
\`@bot-bottle/manifest/schemas/bottle.schema.json\` and \`…/agent.schema.json\`.

## Bottle keys

${keyTable(bottleJsonSchema())}

### Env values

| written | means |
|---|---|
| \`?\` or \`?message\` | a secret, asked on the terminal at launch |
| \`\${HOST_VAR}\` (the whole value) | taken from the host; a missing variable stops the launch |
| anything else | a literal, on one line |

The first two are secrets: they are never logged and may be named in \`env_secrets\`. Names that steer the proxy,
certificate authorities, the loader or bot-bottle itself (\`HTTPS_PROXY\`, \`SSL_CERT_FILE\`, \`LD_PRELOAD\`,
\`EGRESS_*\`, …) are refused.

### Hosts

Lower-cased, IDNA-normalised, without a trailing dot. \`*.example.com\` stands for one or more leading labels; \`*\` and
wildcards directly under a public suffix (\`*.com\`, \`*.co.uk\`, \`*.github.io\`) are refused. An IP literal needs to be
covered by \`address_allowlist\`, whose blocks are refused when they are broader than /8 (IPv4) or /7 (IPv6) or stand
for IPv4 addresses (mapped, NAT64, 6to4). Each host has one route. A wildcard host gets no credential unless
\`auth.wildcard: true\`.

### extends

Parents are folded left to right, then the bottle itself. A bottle that is reached by several ways counts once, at its
first place.

| section | merged |
|---|---|
| \`env\` | by name, the child wins |
| \`git-gate.user\` | field by field, the last that is not empty wins |
| \`git-gate.repos\` | by repository name, an entry is replaced whole; an explicit \`{}\` drops those of the parents |
| \`egress\`, \`agent_provider\`, \`supervise\`, \`resources\`, \`repository_agents\` | replaced when declared |

### Sizes

A number of bytes, or a number with a unit in any case: \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\` count by 1024, \`kB\`, \`MB\`,
\`GB\`, \`TB\` by 1000; a bare \`k\`, \`m\`, \`g\` or \`t\` counts by 1024 as in Docker.

## Agent keys

${keyTable(agentJsonSchema())}

\`git-gate.user\` of an agent is laid over that of its bottle, field by field. Keys of a Claude Code subagent are
accepted and ignored: ${claudeSubagentKeys.map((key) => `\`${key}\``).join(', ')}.

## Errors

All mistakes of a file are reported at once as \`file:line:column: path: message (hint)\`. No message holds a value of
the manifest. YAML tags, duplicate keys and aliases that expand without bound are errors, and so is every unknown key.

## Example

\`~/.bot-bottle/bottles/dev.md\`

\`\`\`markdown
${exampleBottle}\`\`\`

\`~/.bot-bottle/agents/reviewer.md\`

\`\`\`markdown
${exampleAgent}\`\`\`
`;
}
