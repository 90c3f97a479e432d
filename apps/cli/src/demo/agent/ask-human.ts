import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { ToolAnswer } from '../agent-report.ts';

const askSchema = z.object({
  ask: z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }),
});
const resultSchema = z.object({ status: z.string(), applied: z.string().nullable() });

/** The tools of the bottle's MCP server, by the official client. */
export class HumanTools {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async connect(url: string): Promise<HumanTools> {
    const client = new Client({ name: 'demo-agent', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    return new HumanTools(client);
  }

  async names(): Promise<string[]> {
    const { tools } = await this.#client.listTools();
    return tools.map(({ name }) => name).toSorted();
  }

  /** Does what the body of a denial suggests, with the reason that only the agent knows. */
  async follow(denial: string, justification: string): Promise<ToolAnswer> {
    const parsed = askSchema.safeParse(JSON.parse(denial));
    if (!parsed.success) return { status: 'nothing to ask', said: denial.slice(0, 1000) };
    const { tool, arguments: suggested } = parsed.data.ask;
    const result = await this.#client.callTool({ name: tool, arguments: { ...suggested, justification } });
    const said = resultSchema.safeParse(result.structuredContent);
    if (!said.success) return { status: 'error', said: JSON.stringify(result.content).slice(0, 1000) };
    return { status: said.data.status, said: said.data.applied ?? '' };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
