/**
 * A hosts file that gives some names other addresses: lines of the old one that speak of them go, or a resolver would
 * take both.
 */
export function hostsFile(old: string, hosts: Readonly<Record<string, string>>): string {
  const names = new Set(Object.keys(hosts));
  const kept = old.split('\n').filter((line) => {
    const [, ...given] = line.replace(/#.*$/, '').trim().split(/\s+/);
    return !given.some((name) => names.has(name.toLowerCase()));
  });
  return [...Object.entries(hosts).map(([name, address]) => `${address} ${name}`), ...kept].join('\n');
}
