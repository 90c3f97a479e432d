import { ConnectProxy } from './connect-proxy.ts';
import { DockerWorld } from './docker-world.ts';
import type { Upstream } from './upstream.ts';
import type { World } from './world.ts';

/** A world in which the names of a vendor lead to a test's own API. */
export interface VendorWorld {
  /** the sidecars' only way to the API */
  readonly proxy: ConnectProxy;
  /** Ends the world, the proxy and the API. */
  readonly close: () => Promise<void>;
}

/**
 * Lets `api` answer for the vendor: the sidecars of the world trust its certificate and leave through a proxy that
 * knows where it is.
 *
 * @param address where the proxy listens, default loopback; containers need one that they can reach
 */
export async function vendorWorld(world: World, api: Upstream, address?: string): Promise<VendorWorld> {
  const proxy = new ConnectProxy(await api.listen());
  const url = await proxy.listen(address);
  const backend = world instanceof DockerWorld ? 'docker' : 'bubblewrap';
  world.write(
    'settings.yml',
    `backend: ${backend}\nupstream_proxy: ${url}\nextra_ca_file: ${api.certificate.caFile}\n`,
  );
  return {
    proxy,
    close: async () => {
      await world.close();
      await proxy.close();
      await api.close();
    },
  };
}
