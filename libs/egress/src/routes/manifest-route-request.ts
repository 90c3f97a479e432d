import type { RouteManifest } from '@bot-bottle/manifest';
import type { RouteRequest } from '../contracts.ts';

/** Turns a route as the manifest holds it into a request for `buildRoutes`. */
export function manifestRouteRequest(route: RouteManifest): RouteRequest {
  const { auth } = route;
  return {
    host: route.host,
    ports: route.ports,
    pathAllowlist: route.pathAllowlist,
    methods: route.methods,
    auth: auth && {
      scheme: auth.scheme,
      tokenRef: auth.tokenRef,
      header: auth.header,
      username: auth.username,
    },
    authorization: route.authorization,
    agentHeaders: route.agentHeaders,
    envSecrets: route.envSecrets,
    git: { fetch: route.git.fetch },
    dlp: { outbound: route.dlp.outbound, inbound: route.dlp.inbound, onMatch: route.dlp.onMatch },
    addressAllowlist: route.addressAllowlist,
  };
}
