/** Shell functions of an agent that asks over plain HTTP, as any client of MCP could. */
export const askingAgent = `
rpc() { # method params
  curl -sS -m 60 http://supervise:9100/mcp \\
    -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\
    -H 'MCP-Protocol-Version: 2025-11-25' \\
    -d "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":1,\\"method\\":\\"$1\\",\\"params\\":$2}"
}
tool() { rpc tools/call "{\\"name\\":\\"$1\\",\\"arguments\\":$2}"; }
`;
