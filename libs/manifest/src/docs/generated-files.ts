import { agentJsonSchema, bottleJsonSchema } from '../schema/json-schema.ts';
import { renderManifestDoc } from './render-manifest-doc.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Files that are made from the schemas and checked in: path from the package's folder → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['schemas/bottle.schema.json', json(bottleJsonSchema())],
    ['schemas/agent.schema.json', json(agentJsonSchema())],
    ['../../docs/manifest.md', renderManifestDoc()],
  ]);
}
