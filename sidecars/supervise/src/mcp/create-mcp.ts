import { visibleLine } from '@bot-bottle/audit';
import type { SuperviseTool } from '@bot-bottle/supervise';
import { createMcpHandler, McpServer, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { CallToolResult, ListToolsResult, McpHttpHandler } from '@modelcontextprotocol/server';
import { allTools } from '../tools/all-tools.ts';
import { describeTool } from '../tools/describe-tool.ts';
import { callTool, recordUnknown } from '../tools/call-tool.ts';
import type { CallOptions, ToolAnswer } from '../tools/call-tool.ts';
import type { ToolContext } from '../tools/tool.ts';
import { version } from '../version.ts';
import { noValidator } from './no-validator.ts';

export interface McpOptions extends CallOptions {
  readonly tools: readonly SuperviseTool[];
  readonly context: Omit<ToolContext, 'signal' | 'offered'>;
  /** aborts when the server stops */
  readonly stopping: AbortSignal;
}

/** Nothing here ever changes, so a stream of changes only holds a connection. */
const MAX_SUBSCRIPTIONS = 4;

const instructions =
  'This sandbox reaches the network only through a proxy with an allowlist, and pushes only through a git gate. ' +
  'A refusal carries the header X-Bot-Bottle-Deny: explain-denial tells what it means. list-egress-routes shows what is ' +
  'allowed, egress-block asks a human for more, check-proposal tells how an earlier request ended.';

/** The MCP server as a function from requests to responses. Each request gets an instance of its own: no sessions. */
export function createMcp(options: McpOptions): McpHttpHandler {
  const offered: ReadonlySet<SuperviseTool> = new Set(options.tools);
  const list = listOf(offered, options.context);
  return createMcpHandler(
    () => {
      const mcp = new McpServer(
        { name: 'bot-bottle-supervise', version },
        { instructions, jsonSchemaValidator: noValidator },
      );
      mcp.server.registerCapabilities({ tools: {} });
      mcp.server.setRequestHandler('tools/list', () => list);
      mcp.server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
        const name = [...offered].find((each) => each === params.name);
        if (name === undefined) {
          await recordUnknown(options);
          const shown = visibleLine(params.name, 64);
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${shown}`);
        }
        const signal = AbortSignal.any([mcpReq.signal, options.stopping]);
        return resultOf(
          await callTool(name, params.arguments, { ...options.context, offered, signal }, options),
        );
      });
      return mcp;
    },
    { maxSubscriptions: MAX_SUBSCRIPTIONS },
  );
}

function listOf(offered: ReadonlySet<SuperviseTool>, context: McpOptions['context']): ListToolsResult {
  const tools = Object.values(allTools).filter(({ name }) => offered.has(name));
  return {
    tools: tools.map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: describeTool(tool, context),
      inputSchema: { ...tool.inputSchema, type: 'object' },
      outputSchema: { ...tool.outputSchema, type: 'object' },
      annotations: { title: tool.title, ...tool.hints },
    })),
  };
}

/** Clients hold structured content against the schema of success, so a failure is text only. */
function resultOf({ content, isError }: ToolAnswer): CallToolResult {
  const text = [{ type: 'text' as const, text: JSON.stringify(content) }];
  return isError ? { content: text, isError } : { content: text, structuredContent: { ...content } };
}
