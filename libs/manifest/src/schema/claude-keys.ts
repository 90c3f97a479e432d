/**
 * Keys of a Claude Code subagent file ("Create custom subagents" in the Claude Code documentation, list of supported
 * front matter fields). They are accepted with any value and ignored, so that one file can serve both programs.
 * `skills` is missing on purpose: it is ours too.
 */
export const claudeSubagentKeys = [
  'name',
  'description',
  'model',
  'color',
  'memory',
  'tools',
  'disallowedTools',
  'permissionMode',
  'maxTurns',
  'mcpServers',
  'hooks',
  'background',
  'effort',
  'isolation',
  'initialPrompt',
] as const;
