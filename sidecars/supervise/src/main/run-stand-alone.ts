export async function runStandAlone(env: NodeJS.ProcessEnv, log: (record: never) => void): Promise<number> {
  void env;
  void log;
  return 2;
}
