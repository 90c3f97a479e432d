// Loaded before a program under test: on SIGUSR2 it says on stderr what the program holds, after a full collection.
process.on('SIGUSR2', () => {
  const collect: unknown = Reflect.get(globalThis, 'gc');
  if (typeof collect === 'function') for (let i = 0; i < 2; i += 1) collect();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  process.stderr.write(
    `${JSON.stringify({ event: 'probe', resources, heapUsed, external, arrayBuffers, rss })}\n`,
  );
});
