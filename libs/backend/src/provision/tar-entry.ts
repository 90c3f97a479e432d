/** One thing to put into a bottle; paths are relative to the folder that the archive is unpacked in. */
export type TarEntry =
  | { readonly kind: 'dir'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'text';
      readonly path: string;
      readonly mode: number;
      readonly content: string | Uint8Array;
    }
  | { readonly kind: 'host-file'; readonly path: string; readonly mode: number; readonly hostPath: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };
