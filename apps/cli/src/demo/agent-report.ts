import { z } from 'zod';

const answer = z.strictObject({
  status: z.number().nullable(),
  /** X-Bot-Bottle-Deny */
  deny: z.string().nullable(),
  headers: z.string(),
  body: z.string(),
  error: z.string().nullable(),
});

/** How one git command ended, and what it said. */
const gitAnswer = z.strictObject({ code: z.number().nullable(), said: z.string() });

/** How a tool of the supervise sidecar answered. */
const toolAnswer = z.strictObject({ status: z.string(), said: z.string() });

/** What the scripted agent reports. It comes out of a bottle, so it is checked like anything hostile. */
export const agentReportSchema = z.strictObject({
  allowed: answer,
  echo: answer,
  host: answer,
  method: answer,
  path: answer,
  leak: answer,
  dns: z.string(),
  outside: z.string(),
  upstream: z.string(),
  clone: gitAnswer,
  cleanPush: gitAnswer,
  secretPush: gitAnswer,
  hiddenPush: gitAnswer,
  /** tools that the MCP server offers */
  tools: z.array(z.string()),
  /** what a human said to the arguments that the denial suggests */
  asked: toolAnswer,
  granted: answer,
  /** the first answer after the grant was over */
  expired: answer,
  env: z.string(),
});
export type AgentReport = z.output<typeof agentReportSchema>;
export type ApiAnswer = AgentReport['allowed'];
export type GitAnswer = AgentReport['clone'];
export type ToolAnswer = AgentReport['asked'];
