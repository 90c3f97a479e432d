import type { jsonSchemaValidator } from '@modelcontextprotocol/server';

/**
 * The SDK checks answers of clients to its own questions with JSON Schema. This server asks clients nothing, so it does
 * without the validator, which would be made anew for every request.
 */
export const noValidator: jsonSchemaValidator = {
  getValidator: () => {
    throw new Error('this server asks clients nothing');
  },
};
