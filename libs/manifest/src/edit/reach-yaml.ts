import { renderYaml } from '../text/render-yaml.ts';
import type { Reach } from './widened-route.ts';

/** Reach as an entry of `egress.routes`. */
export function reachKeys({ host, ports, pathAllowlist, methods }: Reach): Record<string, unknown> {
  return {
    host,
    ...(ports.length === 1 && ports[0] === 443 ? {} : { ports: [...ports] }),
    ...(pathAllowlist.length === 0 ? {} : { path_allowlist: [...pathAllowlist] }),
    ...(methods.length === 0 ? {} : { methods: [...methods] }),
  };
}

/** The lines of a bottle file that allow a reach, for a human who writes them himself. */
export function reachYaml(reach: Reach): string {
  return renderYaml({ egress: { routes: [reachKeys(reach)] } });
}
