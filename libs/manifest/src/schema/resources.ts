import { z } from 'zod';
import { size } from './scalars.ts';

export const resourcesSchema = z.strictObject({
  memory: size.optional().describe('Most memory. Bytes, or text such as `2GiB`.'),
  cpus: z
    .number({ error: 'must be a number of cores' })
    .positive({ error: 'must be above 0' })
    .max(1024, { error: 'must be at most 1024' })
    .optional()
    .describe('Processor cores; fractions are allowed.'),
  pids: z
    .int({ error: 'must be a whole number' })
    .positive({ error: 'must be above 0' })
    .max(4_194_304, { error: 'must be at most 4194304' })
    .optional()
    .describe('Most processes and threads.'),
  disk: size.optional().describe('Most disk space. Bytes, or text such as `10GiB`.'),
});
