import { fakeSecret, vendors } from '../fake-secrets.ts';
import type { Vendor } from '../fake-secrets.ts';
import type { RefusedCase } from './contracts.ts';

const names = Object.keys(vendors) as Vendor[];

/** One credential of every vendor, each in a small file of a new branch. */
export const refusedVendors: readonly RefusedCase[] = names.map((vendor) => {
  const secret = fakeSecret(`corpus ${vendor}`, vendor);
  return {
    name: `a credential of ${vendor}`,
    code: 'secret_found',
    secret,
    make: async (work) => {
      await work.commit({ 'config/settings.yml': `service:\n  value: "${secret}"\n` });
    },
  };
});
