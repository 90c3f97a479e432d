import { type PushCheck, refused, wholePush } from '../check.ts';

/** They tell the forge to skip CI or to open and merge requests, which no other check sees. */
export const optionsCheck: PushCheck = {
  name: 'options',
  run: (_, { pushOptions }) =>
    pushOptions.map((option) =>
      // a value may be anything, so only the name is kept
      refused(
        'push_option_refused',
        option.replace(/=.*$/s, '').slice(0, 100),
        'push options are not passed on',
      ),
    ),
};

export const sizeCheck: PushCheck = {
  name: 'size',
  run: ({ max_bytes: most }, { bytes }) =>
    // written so that a number that is none is refused
    bytes <= most
      ? []
      : [refused('push_policy_size', wholePush, `${bytes} bytes are more than push.max_bytes, ${most}`)],
};

/** What no ref reaches is not scanned, and a later push could refer to it (git's advisory GHSA-qr93-8wwf-22g4). */
export const hiddenCheck: PushCheck = {
  name: 'hidden',
  run: (_, { hiddenObjects }) =>
    hiddenObjects === 0
      ? []
      : [
          refused(
            'hidden_objects',
            wholePush,
            `it carries objects that none of its refs reaches: ${hiddenObjects}`,
          ),
        ],
};
