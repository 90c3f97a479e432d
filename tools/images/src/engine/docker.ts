import { ImagesError } from '../images-error.ts';
import { runProgram } from '../run-program.ts';

const BUILD_MS = 20 * 60_000;

/** `docker …` with this process's environment, so that DOCKER_HOST and contexts work. */
export async function docker(args: readonly string[], limitMs?: number): Promise<string> {
  // The builder that every engine has; what the Dockerfiles use, both know.
  const env = { DOCKER_BUILDKIT: '0' };
  const output = await runProgram('docker', args, { env, ...(limitMs === undefined ? {} : { limitMs }) });
  return output.trim();
}

/** Architecture of the engine that answers, e.g. amd64; null when none does. */
export async function engineArchitecture(): Promise<string | null> {
  return await docker(['version', '--format', '{{.Server.Arch}}'], 15_000).catch(() => null);
}

/** Id of an image that the engine has, else null. */
export async function imageId(reference: string): Promise<string | null> {
  try {
    return await docker(['image', 'inspect', '--format', '{{.Id}}', reference]);
  } catch (error) {
    if (error instanceof ImagesError && /no such image/i.test(error.message)) return null;
    throw error;
  }
}

/** Bytes of an image with all of its layers. */
export async function imageBytes(reference: string): Promise<number> {
  return Number(await docker(['image', 'inspect', '--format', '{{.Size}}', reference]));
}

export interface Build {
  readonly reference: string;
  readonly folder: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** tag that `@bot-bottle/backend-docker` gives the plain image, for which this one stands in */
  readonly inputs: string;
  /** whether what it runs may reach anything */
  readonly network: boolean;
}

/** Builds an image of a folder. */
export async function buildImage({ reference, folder, buildArgs, inputs, network }: Build): Promise<void> {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const closed = network ? [] : ['--network', 'none'];
  const label = ['--label', `bot-bottle.inputs=${inputs}`];
  await docker(
    ['build', '--quiet', '--force-rm', '--tag', reference, ...label, ...closed, ...args, folder],
    BUILD_MS,
  );
}
