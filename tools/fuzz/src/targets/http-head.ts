import {
  decide,
  decideConnect,
  findHeadEnd,
  matchHost,
  normalizePath,
  outgoingHeaders,
  parseRequestHead,
  parseTable,
  pathAllowed,
} from '@bot-bottle/egress';
import type { AllowDecision, RequestHead, RouteTable, Via } from '@bot-bottle/egress';
import { isLastForNode, NodeReference } from '../../../../libs/egress/test/support/node-reference.ts';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { headWords } from './words.ts';

const row = (host: string, more: object = {}): object => ({
  host,
  ports: [443, 80],
  scheme: 'https',
  path_allowlist: [],
  methods: [],
  auth: null,
  authorization: 'strip',
  agent_headers: [],
  env_secrets: [],
  git: { fetch: false },
  dlp: { outbound: ['known_secrets'], inbound: [], on_match: 'block' },
  address_allowlist: [],
  owner: 'manifest',
  expires_at: null,
  inject: false,
  ...more,
});
const auth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null };
const table: RouteTable = parseTable({
  version: 1,
  routes: [
    row('a.example', { path_allowlist: ['/ok', '/repos/me'], methods: ['GET', 'POST'], auth }),
    row('b.example'),
    row('*.wild.example', { git: { fetch: true } }),
    row('plain.example', { scheme: 'http' }),
  ],
});
const vias: readonly Via[] = [
  { kind: 'proxy' },
  { kind: 'tunnel', host: 'a.example', port: 443, tls: true, sni: 'a.example' },
  { kind: 'tunnel', host: 'plain.example', port: 80, tls: false, sni: null },
];
const dropped =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|content-length|expect)$/i;

function checkDecision(head: RequestHead, via: Via, decision: AllowDecision): void {
  const { route, path, host } = decision;
  must(host === head.host, 'the host that was decided on is not that of the request');
  must(via.kind === 'proxy' || via.host === host, 'a tunnel leads to another host');
  must(matchHost(route.host, host), 'the route is for another host');
  must(route.ports.includes(decision.port), 'the route does not have the port');
  must(route.auth === null || decision.scheme === 'https', 'a credential would travel in plaintext');
  must(
    route.methods.length === 0 || route.methods.includes(head.method),
    'the route does not have the method',
  );
  if (route.path_allowlist.length > 0) {
    const sent = path.split('?', 1)[0] ?? '';
    const again = normalizePath(path);
    must('path' in again, 'the path that would be sent is refused when it is read again');
    must(path.startsWith(again.path), `the path that would be sent, ${path}, is read as ${again.path}`);
    must(pathAllowed(sent, route.path_allowlist), `the path ${sent} is not one of the route`);
    must(!/%2e|%2f|%5c|\/\.\.?(?:\/|$)|\/\/|\\/i.test(sent), `the path ${sent} can be read otherwise`);
  }
  for (const [name] of outgoingHeaders(head, decision)) {
    must(!dropped.test(name), `the field ${name} would be passed on`);
    must(!/^(?:authorization|cookie|x-api-key)$/i.test(name), `the agent's ${name} would be passed on`);
  }
}

const LONGEST_BODY = 64;

async function compareWithNode(node: NodeReference, bytes: Buffer, head: RequestHead): Promise<void> {
  const { framing } = head;
  if (framing.kind === 'length' && framing.length > LONGEST_BODY) return;
  const body =
    framing.kind === 'length' ? 'b'.repeat(framing.length) : framing.kind === 'chunked' ? 'abc' : '';
  const wire = framing.kind === 'chunked' ? '3\r\nabc\r\n0\r\n\r\n' : body;
  // Node refuses bytes after a request that ends the connection
  const isLast = isLastForNode(head);
  const next = isLast ? '' : 'GET /next HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';
  const [first, second] = await node.read(Buffer.concat([bytes, Buffer.from(wire + next)]));
  if (first === undefined || first === 'refused') must(false, 'the parser of Node refuses it');
  mustEqual(
    [first.method, first.url, first.version],
    [head.method, head.target, head.version],
    'request line',
  );
  mustEqual(first.headers, head.headers.flat(), 'headers');
  mustEqual(first.body, body, 'body');
  if (isLast || head.method === 'CONNECT' || head.upgrade !== null) return;
  must(second !== undefined && second !== 'refused' && second.url === '/next', 'it ends elsewhere for Node');
}

/** Request heads, what is made of them, and what is decided. */
export const httpHead: FuzzTarget = {
  name: 'http-head',
  about: 'accepted heads are read alike by Node, re-serialise to the same, and decisions keep to their route',
  words: headWords,
  open: async () => {
    const node = new NodeReference();
    return {
      close: async () => node.close(),
      run: async (bytes) => {
        const end = findHeadEnd(bytes);
        for (const searched of [1, Math.floor(bytes.length / 2), bytes.length]) {
          const seen = findHeadEnd(bytes.subarray(0, searched));
          if (seen < 0)
            mustEqual(findHeadEnd(bytes, searched), end, 'the end of the head, searched in two steps');
        }
        const headBytes = end < 0 ? bytes : bytes.subarray(0, end);
        const result = parseRequestHead(headBytes);
        if (!result.ok) {
          must(/^[\x20-\x7e]+$/.test(result.reason), 'a reason holds something of the request');
          return false;
        }
        const { head } = result;
        const fields = head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
        const again = parseRequestHead(
          Buffer.from(`${head.method} ${head.target} HTTP/${head.version}\r\n${fields}\r\n`, 'latin1'),
        );
        mustEqual(again, result, 'a head that was written again');
        for (const via of vias) {
          const decision = decide(table, { head, via }, 0);
          mustEqual(decide(table, { head, via }, 0), decision, 'a decision made twice');
          if (decision.kind === 'allow') checkDecision(head, via, decision);
        }
        decideConnect(table, head.host, head.port ?? 443, 0);
        await compareWithNode(node, headBytes, head);
        return true;
      },
    };
  },
};
