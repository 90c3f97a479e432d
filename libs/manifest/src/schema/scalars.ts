import { z } from 'zod';
import { checkAddressRange } from '../rules/address.ts';
import { finding } from '../rules/finding.ts';
import { isFramingHeader } from '../rules/header-name.ts';
import {
  entityNamePattern,
  envNamePattern,
  headerNamePattern,
  MAX_NAME_LENGTH,
  oneLinePattern,
} from '../rules/names.ts';
import { readSize, sizePattern } from '../rules/size.ts';
import { checked } from './checked.ts';

/** Name of a bottle. */
export const entityName = z
  .string()
  .max(MAX_NAME_LENGTH, { error: `a name has at most ${MAX_NAME_LENGTH} characters` })
  .regex(entityNamePattern, { error: 'a name matches [a-z][a-z0-9-]*' });

/** Name of a variable in the environment of the host. */
export const hostEnvName = z.string().max(255).regex(envNamePattern, {
  error: 'must be the name of a host environment variable, matching [A-Za-z_][A-Za-z0-9_]*',
});

export const oneLine = (max: number) =>
  z
    .string()
    .max(max, { error: `at most ${max} characters` })
    .regex(oneLinePattern, { error: 'must not hold line breaks or control characters' });

export const headerName = checked(
  z.string().max(128).regex(headerNamePattern, { error: 'this is not a header name' }),
  (name) =>
    isFramingHeader(name)
      ? finding('this header frames or routes the message and carries no credential')
      : null,
);

const sizeError = { error: 'must be a size such as `512MiB` or `2GiB`, or a positive number of bytes' };

export const size = checked(
  z.union([z.int(sizeError).positive(sizeError), z.string().regex(sizePattern, sizeError)], sizeError),
  (value) => (readSize(value) === null ? finding('the size must be positive and below 8 PiB') : null),
);

export const addressRange = checked(z.string().max(64), checkAddressRange);
