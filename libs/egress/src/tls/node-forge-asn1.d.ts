// Only this file of node-forge is loaded (8 ms instead of 60); its type package describes the whole only.
declare module 'node-forge/lib/asn1.js' {
  interface Node {
    readonly value: string | readonly Node[];
  }
  interface Bytes {
    getBytes(): string;
  }

  const asn1: {
    readonly Class: { readonly UNIVERSAL: number; readonly CONTEXT_SPECIFIC: number };
    readonly Type: {
      readonly BOOLEAN: number;
      readonly INTEGER: number;
      readonly BITSTRING: number;
      readonly OCTETSTRING: number;
      readonly OID: number;
      readonly UTF8: number;
      readonly SEQUENCE: number;
      readonly SET: number;
      readonly UTCTIME: number;
      readonly GENERALIZEDTIME: number;
    };
    create(tagClass: number, type: number, constructed: boolean, value: string | readonly Node[]): Node;
    fromDer(bytes: string): Node;
    toDer(node: Node): Bytes;
    oidToDer(dotted: string): Bytes;
  };
  export default asn1;
}
