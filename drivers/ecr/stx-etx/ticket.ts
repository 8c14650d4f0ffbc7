export const ticketChars = 6;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Our order number in the six characters that a bank terminal has for a ticket: the same number gives the same ticket
 * in every run of the program. Two numbers share one in about 2 * 10^9 cases; amount and time must fit as well.
 * FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function ticketOf(merchantOrderNo: string): string {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(merchantOrderNo)) {
    hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  }
  let ticket = '';
  for (let rest = hash; ticket.length < ticketChars; rest = Math.floor(rest / alphabet.length)) {
    ticket = (alphabet[rest % alphabet.length] ?? '') + ticket;
  }
  return ticket;
}
