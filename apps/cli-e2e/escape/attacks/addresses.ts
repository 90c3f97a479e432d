import type { AttackClass } from '../attack.ts';
import { forbiddenNames } from '../zone.ts';
import { code, curl } from './steps.ts';

/** Declared names that lead where no route may go. */
export const addresses: AttackClass = {
  id: 'address',
  title: 'Private addresses behind allowed names',
  controls: [
    {
      id: 'address/permitted',
      does: 'a name that resolves to the allowed address is dialled',
      steps: (at) => curl(`https://turn-first.rebind.e2e.test:${at.port}/first`),
      answered: /reached \/first/,
      noted: ['upstream', 'resolver'],
    },
  ],
  attacks: [
    {
      id: 'address/redirect',
      tries: 'redirects of an allowed host to the host’s addresses and to metadata, followed',
      seen: '`host_not_allowed` for the second request; nothing arrives there',
      steps: (at) =>
        [
          `http://${at.decoy}:${at.decoyPort}/`,
          `http://127.0.0.1:${at.decoyPort}/`,
          'http://169.254.169.254/',
        ].map((to) => ({
          sh: `curl --noproxy '' -sSL -m 20 -H 'X-To: ${to}' https://open.e2e.test:${at.port}/redirect/private`,
        })),
      denied: code('host_not_allowed'),
      silent: ['decoy'],
    },
    {
      id: 'address/private-answers',
      tries: `a declared name that resolves to the host, loopback, private, shared, metadata, unspecified, mapped, NAT64 and 6to4 addresses`,
      seen: '`address_not_allowed`; nothing is dialled',
      steps: (at) => curl(...forbiddenNames.map((name) => `https://${name}.ssrf.e2e.test:${at.decoyPort}/`)),
      denied: code('address_not_allowed'),
      silent: ['decoy', 'upstream'],
    },
    {
      id: 'address/rebinding',
      tries: 'a name whose address changes after the first answer, has two answers, or the wrong one only',
      seen: 'the checked address is dialled, or `address_not_allowed`; the other one sees nothing',
      steps: (at) =>
        curl(
          ...['turn-a', 'turn-a', 'turn-a', 'both-a', 'both-b', 'late-a'].map(
            (name) => `https://${name}.rebind.e2e.test:${at.port}/`,
          ),
        ),
      denied: /reached \/|"code":"address_not_allowed"/,
      silent: ['decoy'],
    },
    {
      id: 'address/metadata',
      tries: 'the metadata services of clouds by address and by name, through the proxy and past it',
      seen: '`host_not_allowed` through the proxy, no connection past it',
      steps: () => [
        ...curl(
          'http://169.254.169.254/latest/meta-data/',
          "-H 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/",
          "-g 'http://[fd00:ec2::254]/latest/'",
          'http://100.100.100.200/',
        ),
        {
          sh: `curl -sS -m 4 --noproxy '*' http://169.254.169.254/ 2>&1 | sed 's/^curl: ([0-9]*)/"code":"host_not_allowed" &/'`,
        },
      ],
      denied: code('host_not_allowed'),
      silent: ['decoy', 'resolver'],
    },
  ],
};
