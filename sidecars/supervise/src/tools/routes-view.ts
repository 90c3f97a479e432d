import { z } from 'zod';

const name = z.string().max(512);
const names = z.array(name).max(256);
const detectors = z.union([names, z.literal(false)]);

const entry = z.object({
  host: name.describe('exact host, or `*.suffix` for every host below it'),
  ports: z.array(z.int()).max(64),
  path_allowlist: z.array(z.string().max(2048)).max(256).describe('path prefixes; [] allows every path'),
  methods: names.describe('[] allows every method'),
  authorization: z.string().max(64).describe('what happens to an Authorization header that you send'),
  agent_headers: names.describe('credential headers of yours that are let through'),
  env_secrets: names,
  git: z.object({ fetch: z.boolean() }),
  dlp: z.object({ outbound: detectors, inbound: detectors, on_match: z.string().max(64) }),
});

/** Routes as egress tells them (`allowlistView` of `@bot-bottle/egress`); what is not known here is left out. */
export const routesSchema = z.object({ routes: z.array(entry).max(10_000) });

/** What `list-egress-routes` answers. */
export const routesViewSchema = z.strictObject({
  routes: z.array(entry),
  omitted: z.int().describe('routes that are not shown because there are too many'),
});

/** Longest list, in UTF-16 units of JSON: a model has to read it. */
const MAX_JSON = 128 * 1024;

/** As many routes as fit into one answer. */
export function boundedRoutes({ routes }: z.infer<typeof routesSchema>): z.infer<typeof routesViewSchema> {
  let length = 0;
  const shown = routes.filter((route) => (length += JSON.stringify(route).length) <= MAX_JSON);
  return { routes: shown, omitted: routes.length - shown.length };
}
