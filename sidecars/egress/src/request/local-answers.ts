import { allowlistView } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import type { AgentWriter } from '../response/agent-writer.ts';
import { headText } from '../response/http-text.ts';
import type { ServerContext } from '../server-context.ts';

/** Answers `http://_egress.local/` and `/health`; the agent's connection stays usable. */
export function answerLocal(
  what: 'allowlist' | 'health',
  server: ServerContext,
  head: RequestHead,
  writer: AgentWriter,
): void {
  const body = Buffer.from(`${JSON.stringify(content(what, server))}\n`);
  const keepAlive = head.keepAlive && head.framing.kind === 'none';
  const text = headText(200, 'OK', [
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
    ['Connection', keepAlive ? 'keep-alive' : 'close'],
  ]);
  writer.begin(text, false);
  if (head.method !== 'HEAD') writer.data(body);
  writer.end();
}

function content(what: 'allowlist' | 'health', server: ServerContext): unknown {
  switch (what) {
    case 'allowlist':
      return allowlistView(server.policy.table, server.now());
    case 'health':
      return { ok: true, digest: server.policy.digest };
  }
}
