/**
 * Which layer may import which. Imports point downward only; what is not listed is forbidden.
 * The layer of a package is the tag `layer:<name>` of its package.json (`nx.tags`).
 */
export const layers = {
  base: [],
  policy: ['base', 'policy'],
  provider: ['base', 'policy'],
  backend: ['base', 'policy', 'provider'],
  'backend-impl': ['base', 'policy', 'provider', 'backend'],
  sidecar: ['base', 'policy'],
  app: ['base', 'policy', 'provider', 'backend', 'backend-impl', 'sidecar'],
  test: ['base', 'policy', 'provider', 'backend', 'backend-impl', 'sidecar', 'app'],
  tool: [],
} as const satisfies Record<string, readonly string[]>;

export type LayerName = keyof typeof layers;

export function isLayerName(text: string): text is LayerName {
  return Object.hasOwn(layers, text);
}
