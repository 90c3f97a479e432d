import { constants } from 'node:os';
import { z } from 'zod';

/** The name of a signal, as something hostile sent it. */
export const signalName = z.custom<NodeJS.Signals>(
  (value) => typeof value === 'string' && Object.hasOwn(constants.signals, value),
  'not the name of a signal',
);
