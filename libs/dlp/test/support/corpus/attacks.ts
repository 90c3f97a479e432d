import type { KnownSecret } from '@bot-bottle/dlp';
import type { Encoding } from './encodings.ts';
import type { CorpusRequest } from './requests.ts';
import { slowSurfaces, type SurfaceOf } from './surfaces.ts';

export interface Attack extends CorpusRequest {
  readonly secret: KnownSecret;
  readonly encoding: string;
  readonly surface: string;
}

const needsCase = /base64|gzip|deflate|zstd|UTF-16/;

/** Every secret in every encoding on every surface that can carry it; `every` thins them out evenly. */
export function* attacksOf(
  secrets: readonly KnownSecret[],
  encodings: readonly Encoding[],
  surfaces: readonly SurfaceOf[],
  every = 1,
): Generator<Attack> {
  let count = 0;
  for (const [s, secret] of secrets.entries()) {
    for (const [e, encoding] of encodings.entries()) {
      const text = encoding.write(secret.value);
      for (const surface of surfaces) {
        count += 7919;
        if (count % every !== 0) continue;
        // one in seven is enough where each takes long
        if (slowSurfaces.has(surface.name) && (s + e) % 7 !== 0) continue;
        // nobody could read it there
        if (surface.foldsCase === true && needsCase.test(encoding.name)) continue;
        const made = surface.put(text);
        if (made === null) continue;
        yield {
          name: `${secret.name} / ${encoding.name} / ${surface.name}`,
          method: made.body === null ? 'GET' : 'POST',
          head: made.head,
          body: made.body,
          streamed: made.streamed ?? null,
          secret,
          encoding: encoding.name,
          surface: surface.name,
        };
      }
    }
  }
}
