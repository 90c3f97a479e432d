/** One thing to put into a bottle; paths are relative to the folder that the archive is unpacked in. */
export type TarEntry =
  | { readonly kind: 'dir'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'text';
      readonly path: string;
      readonly mode: number;
      readonly content: string | Uint8Array;
    }
  | {
      readonly kind: 'host-file';
      readonly path: string;
      readonly mode: number;
      readonly hostPath: string;
      /** looks at the bytes of a file of up to 4 MiB as they are about to be copied; false leaves it out */
      readonly accept?: (content: Uint8Array) => boolean;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };
