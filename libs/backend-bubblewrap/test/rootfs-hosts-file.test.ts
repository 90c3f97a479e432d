import { expect, it } from 'vitest';
import { hostsFile } from '../src/rootfs/hosts-file.ts';

const old =
  '# the host\n127.0.0.1 localhost\n10.0.0.1\tapi.example API2.example # both\n::1 localhost ip6-localhost\n';

it('gives names their other addresses, and no others', () => {
  expect(hostsFile(old, { 'api.example': '127.0.0.2' })).toBe(
    '127.0.0.2 api.example\n# the host\n127.0.0.1 localhost\n::1 localhost ip6-localhost\n',
  );
});

it('leaves the file of the host as it is without names', () => {
  expect(hostsFile(old, {})).toBe(old);
});

it('knows a name in whatever case the host writes it', () => {
  expect(hostsFile(old, { 'api2.example': '127.0.0.2' })).not.toContain('10.0.0.1');
});
