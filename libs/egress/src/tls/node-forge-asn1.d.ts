// Only this file of node-forge is loaded (8 ms instead of 60), and its type package describes the whole only.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 as Asn1Module } from 'node-forge';

  const asn1: typeof Asn1Module;
  export default asn1;
}
