import { z } from 'zod';

/** A single text of a proposal, at most so many UTF-16 units. */
export const text = (max: number): z.ZodString => z.string().max(max);
