export { canonicalCidr } from './addresses/canonical-cidr.ts';
export { addressAllowed, classifyAddress } from './addresses/classify-address.ts';
export type { AddressClass } from './addresses/classify-address.ts';
export {
  egressConfigSchema,
  guardSchema,
  routeAuthSchema,
  routeDlpSchema,
  routeSchema,
  routeTableSchema,
  secretSlots,
  upstreamProxySchema,
} from './contracts.ts';
export type {
  EffectiveRoutes,
  EgressConfig,
  EgressConfigInput,
  ProviderRoute,
  Route,
  RouteAuth,
  RouteDlp,
  RouteRequest,
  RouteTable,
} from './contracts.ts';
export { ruleId } from './decide/candidate-rows.ts';
export { decideConnect } from './decide/decide-connect.ts';
export type { ConnectDecision } from './decide/decide-connect.ts';
export { decideTunnel, sniffTunnel } from './decide/decide-tunnel.ts';
export type { FirstBytes } from './decide/decide-tunnel.ts';
export { decide } from './decide/decide.ts';
export type {
  AllowDecision,
  Decision,
  DecisionRequest,
  DenyDecision,
  LocalDecision,
  Via,
} from './decide/decision.ts';
export { credentialForms } from './echo/credential-forms.ts';
export { createEchoRedactor } from './echo/echo-redactor.ts';
export type { EchoRedactor } from './echo/echo-redactor.ts';
export { EgressError } from './errors.ts';
export type { EgressErrorCode } from './errors.ts';
export { reduceAcceptEncoding } from './headers/accept-encoding.ts';
export { agentCredentials, createCredentialPins } from './headers/agent-credentials.ts';
export type { AgentCredential, CredentialPins } from './headers/agent-credentials.ts';
export { incomingHeaders } from './headers/incoming-headers.ts';
export type { IncomingOptions } from './headers/incoming-headers.ts';
export { composeCredential, injectCredential } from './headers/inject-credential.ts';
export { outgoingHeaders } from './headers/outgoing-headers.ts';
export type { OutgoingOptions } from './headers/outgoing-headers.ts';
export { bestPattern, matchHost, normalizeHostPattern } from './hosts/match-host.ts';
export { normalizeHost } from './hosts/normalize-host.ts';
export type { HostKind, NormalHost } from './hosts/normalize-host.ts';
export { formatAuthority, parseAuthority, parseHostAndPort } from './hosts/parse-authority.ts';
export type { HostAndPort } from './hosts/parse-authority.ts';
export { createChunkedDecoder } from './http1/chunked-decoder.ts';
export type { ChunkedDecoder, ChunkedStep } from './http1/chunked-decoder.ts';
export { findHeadEnd, parseRequestHead } from './http1/parse-request-head.ts';
export { parseResponseHead } from './http1/parse-response-head.ts';
export type { Framing, HeaderField, HeadRefusal, HeadResult, RequestHead } from './http1/request-head.ts';
export type { ResponseFraming, ResponseHead, ResponseHeadResult } from './http1/response-head.ts';
export { gitService } from './path/git-service.ts';
export { normalizePath } from '@bot-bottle/manifest';
export type { NormalPath } from '@bot-bottle/manifest';
export { pathAllowed } from './path/path-allowed.ts';
export { parseUpstreamProxy } from './proxy/parse-upstream-proxy.ts';
export type { ParsedUpstreamProxy } from './proxy/parse-upstream-proxy.ts';
export { proxyFor } from './proxy/proxy-for.ts';
export { allowlistView } from './routes/allowlist-view.ts';
export type { AllowlistEntry, AllowlistView } from './routes/allowlist-view.ts';
export { buildRoutes } from './routes/build-routes.ts';
export { grantRows } from './routes/grant-rows.ts';
export type { GrantRequest } from './routes/grant-rows.ts';
export { isLive } from './routes/is-live.ts';
export { localHost } from './routes/local-host.ts';
export { manifestRouteRequest } from './routes/manifest-route-request.ts';
export { monotonicClock } from './routes/monotonic-clock.ts';
export { parseRoute, routeToFields } from './routes/parse-route.ts';
export { parseTable } from './routes/parse-table.ts';
export { rowsToGrants } from './routes/rows-to-grants.ts';
export type { TimedGrant } from './routes/rows-to-grants.ts';
export { rowsToManifest } from './routes/rows-to-manifest.ts';
export { tableDigest } from './routes/table-digest.ts';
export type { TokenSlot } from './routes/token-slots.ts';
export { createLeafMinter } from './tls/leaf-minter.ts';
export type { Leaf, LeafMinter } from './tls/leaf-minter.ts';
export { mintAuthority } from './tls/mint-authority.ts';
export type { Authority } from './tls/mint-authority.ts';
export { encodeClose } from './websocket/close-frame.ts';
export type { CloseFrame } from './websocket/close-frame.ts';
export { encodeFrame } from './websocket/encode-frame.ts';
export type { OutgoingFrame } from './websocket/encode-frame.ts';
export type { FrameRefusal } from './websocket/frame-header.ts';
export { handshakeProblem, websocketAccept } from './websocket/handshake.ts';
export { MessageReader } from './websocket/message-reader.ts';
export type { MessageEvent, ReadStep } from './websocket/message-reader.ts';
