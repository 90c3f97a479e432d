/** Version of this package, as the MCP server tells it. */
export const version = '0.1.0';
