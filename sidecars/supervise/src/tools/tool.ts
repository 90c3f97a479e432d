import { visibleLine } from '@bot-bottle/audit';
import type { SuperviseTool } from '@bot-bottle/supervise';
import { z } from 'zod';
import type { SuperviseBackend } from '../contracts.ts';
import type { Slots } from '../limits/slots.ts';
import { ToolFailure } from '../tool-failure.ts';

/** What a client may think of a tool before it is called (MCP, ToolAnnotations). */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** What a tool works with. */
export interface ToolContext {
  readonly backend: SuperviseBackend;
  readonly offered: ReadonlySet<SuperviseTool>;
  /** calls that wait for a human */
  readonly waiting: Slots;
  /** Dockerfile of the agent's image at present, null: not known */
  readonly dockerfile: string | null;
  /** milliseconds that a proposal tool waits */
  readonly responseMs: number;
  /** milliseconds that a question about routes may take */
  readonly queryMs: number;
  /** aborts when the client is gone or the server stops */
  readonly signal: AbortSignal;
}

export type ToolContent = Readonly<Record<string, unknown>>;

/** One tool, with everything that MCP says of it. */
export interface Tool {
  readonly name: SuperviseTool;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ToolContent;
  readonly outputSchema: ToolContent;
  readonly hints: ToolHints;
  /**
   * Checks the arguments and gives what does it.
   *
   * @throws ToolFailure `invalid_arguments` with every problem
   */
  prepare(raw: unknown): (context: ToolContext) => Promise<ToolContent>;
}

interface ToolSpec<Input extends z.ZodType> extends Pick<Tool, 'name' | 'title' | 'description' | 'hints'> {
  readonly input: Input;
  readonly output: z.ZodType;
  readonly prepare: (input: z.output<Input>) => (context: ToolContext) => Promise<ToolContent>;
}

const MAX_PROBLEMS = 10;

/** A tool whose arguments are checked by `input` before anything is done. */
export function defineTool<Input extends z.ZodType>(spec: ToolSpec<Input>): Tool {
  const { name, title, description, hints, input, output, prepare } = spec;
  return {
    name,
    title,
    description,
    hints,
    inputSchema: schemaOf(input, 'input'),
    outputSchema: schemaOf(output, 'output'),
    prepare: (raw) => {
      const parsed = input.safeParse(raw ?? {});
      if (!parsed.success) throw new ToolFailure('invalid_arguments', problemsOf(parsed.error));
      return prepare(parsed.data);
    },
  };
}

/** zod names checks of its own as formats, which validators of clients complain of. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): ToolContent {
  return z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
    },
  });
}

function problemsOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => `${path.join('.') || 'arguments'}: ${visibleLine(message, 200)}`)
    .join('; ');
}
