import type { Part } from './pods';

/** The addresses of nodes and of the API server, as an example. */
export const NODE_RANGE = '10.0.0.0/8';

/** Public addresses, as an example: TEST-NET-3 of RFC 5737. */
export const PUBLIC_RANGE = '203.0.113.0/24';

/** Whether an `ipBlock` holds a whole IPv4 range. */
export function covers({ cidr, except = [] }: Part, range: string): boolean {
  return contains(cidr, range) && !except.some((hole: string) => contains(hole, range) || contains(range, hole));
}

function contains(outer: string, inner: string): boolean {
  const [outerStart, outerBits] = parse(outer);
  const [innerStart, innerBits] = parse(inner);
  return (
    outerBits <= innerBits && Math.floor(innerStart / 2 ** (32 - outerBits)) * 2 ** (32 - outerBits) === outerStart
  );
}

function parse(cidr: string): [start: number, bits: number] {
  const [address = '', bits = '32'] = cidr.split('/');
  return [address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0), Number(bits)];
}
