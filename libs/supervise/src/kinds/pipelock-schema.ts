import { z } from 'zod';
import { text } from '../text.ts';

/** A host that pipelock, the guard behind egress, refused and that an agent asks it to let pass. */
export const pipelockBlockSchema = z.strictObject({
  kind: z.literal('pipelock-block'),
  host: text(253).min(1).describe('exact host'),
  url: text(2048).min(1).describe('what failed, without query; only tells the human what it was for'),
  justification: text(2048).min(1).describe('what for, in the words of the agent'),
});
