import type { Tool, ToolContext } from './tool.ts';

/** Longest Dockerfile that stands in a description: a model reads it at every turn. */
const MAX_SHOWN = 8192;

/** What a model is told of a tool; of `capability-block` also what its Dockerfile would replace. */
export function describeTool(
  { name, description }: Pick<Tool, 'name' | 'description'>,
  { dockerfile }: Pick<ToolContext, 'dockerfile'>,
): string {
  if (name !== 'capability-block' || dockerfile === null) return description;
  return dockerfile.length > MAX_SHOWN
    ? `${description}\n\nThe Dockerfile in force is too long to be shown here.`
    : `${description}\n\nThe Dockerfile in force:\n\n${dockerfile}`;
}
