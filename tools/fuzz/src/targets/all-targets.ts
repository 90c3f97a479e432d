import type { FuzzTarget } from '../fuzz/target.ts';
import { chunkedBody } from './chunked-body.ts';
import { controlLauncher } from './control-launcher.ts';
import { controlSidecar } from './control-sidecar.ts';
import { dlpBody } from './dlp-body.ts';
import { dlpEncodings } from './dlp-encodings.ts';
import { gitCommands } from './git-commands.ts';
import { httpHead } from './http-head.ts';
import { manifest } from './manifest.ts';
import { clientHello } from './network/client-hello.ts';
import { httpFront } from './network/http-front.ts';
import { httpTunnel } from './network/http-tunnel.ts';
import { mcpBody } from './network/mcp-body.ts';
import { upstreamAnswer } from './network/upstream-answer.ts';
import { routes } from './routes.ts';
import { websocket } from './websocket.ts';

/** Every target, in the order in which bytes of an agent meet what they test. */
export const allTargets: readonly FuzzTarget[] = [
  httpFront,
  clientHello,
  httpTunnel,
  upstreamAnswer,
  httpHead,
  chunkedBody,
  websocket,
  dlpBody,
  dlpEncodings,
  routes,
  manifest,
  controlLauncher,
  controlSidecar,
  gitCommands,
  mcpBody,
];
