/** Arguments that make pipelock serve a configuration at an address. */
export function runArguments(configPath: string, listen: string): string[] {
  return ['run', '--config', configPath, '--listen', listen];
}

/** Arguments that make it check a configuration and end: code 0 when it takes it. */
export function checkArguments(configPath: string): string[] {
  return ['check', '--config', configPath];
}

export const versionArguments: readonly string[] = ['version'];
