/**
 * The part of an address that says where a terminal stands, and no more: the first 16 bits of IPv4,
 * the first 32 of IPv6. Undefined for what is no address.
 */
export function networkOf(address: string): string | undefined {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  const v4 = /^(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(plain);
  if (v4 !== null) return v4[1];
  const [first = '', second = ''] = plain.split(':');
  return plain.includes(':') && /^[0-9a-f]{0,4}$/i.test(first) && /^[0-9a-f]{0,4}$/i.test(second)
    ? `${first}:${second}`.toLowerCase()
    : undefined;
}
