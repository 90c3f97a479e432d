import { allowableMethods } from '@bot-bottle/manifest';

/** Methods that a request may have at all. */
export const knownMethods: ReadonlySet<string> = new Set([...allowableMethods, 'CONNECT']);

/** Methods that reflect the request, and with it an injected credential. */
export const reflectingMethods: ReadonlySet<string> = new Set(['TRACE', 'TRACK']);
