import { ManifestErrors } from '@bot-bottle/manifest';

/** What a call throws; fails when it throws nothing or something that is no ManifestErrors. */
export async function catchErrors(call: () => unknown): Promise<ManifestErrors> {
  try {
    await call();
  } catch (error) {
    if (ManifestErrors.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
