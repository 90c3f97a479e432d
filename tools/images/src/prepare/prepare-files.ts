import type { Prepared } from '../catalogue.ts';
import type { Sources } from '../context/make-context.ts';
import { ImagesError } from '../images-error.ts';
import type { Versions } from '../read-versions.ts';
import { prepareClaude } from './prepare-claude.ts';
import { prepareCodex } from './prepare-codex.ts';
import { prepareGitleaks } from './prepare-gitleaks.ts';

/**
 * Makes the files that an image takes from its build context where they are there. {} when this machine cannot make
 * them; the image then does without, or gets them from a registry.
 */
export async function prepareFiles(
  what: Prepared,
  versions: Versions,
  say: (line: string) => void,
): Promise<Sources> {
  try {
    switch (what) {
      case 'gitleaks':
        return { gitleaks: await prepareGitleaks(versions.gitleaks, say) };
      case 'claude':
        return { claude: await prepareClaude(versions.claude, say) };
      case 'codex':
        return { program: await prepareCodex(versions.codex, say) };
    }
  } catch (error) {
    if (!(error instanceof ImagesError)) throw error;
    say(`${what} cannot be prepared: ${error.message}`);
    return {};
  }
}
