import { isIPv4 } from 'node:net';
import type Dockerode from 'dockerode';

/**
 * Addresses that the host has in a network. An engine tells only those that somebody chose; what it chooses itself is
 * the first of the subnet.
 */
export function gatewaysOf({ IPAM }: Pick<Dockerode.NetworkInspectInfo, 'IPAM'>): readonly string[] {
  return (IPAM?.Config ?? []).flatMap(({ Gateway, Subnet }) => {
    if (Gateway !== undefined && Gateway !== '') return [Gateway];
    const [base = ''] = (Subnet ?? '').split('/');
    if (!isIPv4(base)) return [];
    const value = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + 1;
    return [[24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')];
  });
}
