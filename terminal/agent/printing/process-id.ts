import { assert } from '#shared/result/assert.ts';

/**
 * Process ids travel to the printer as four characters 0x20..0x7E and to the journal as the same text; as a number
 * they count in base 95. They must ascend over the life of a printer: it answers only the latest one.
 */
export const processIdMax = 95 ** 4 - 1;

export function processIdText(id: number): string {
  assert(Number.isInteger(id) && id >= 1 && id <= processIdMax, () => `process id ${id}`);
  let rest = id;
  let text = '';
  for (let digit = 0; digit < 4; digit += 1) {
    text = String.fromCharCode(0x20 + (rest % 95)) + text;
    rest = Math.floor(rest / 95);
  }
  return text;
}

export const processIdNumber = (text: string): number =>
  Buffer.from(text, 'latin1').reduce((sum, byte) => sum * 95 + (byte - 0x20), 0);

/** The id after `last`; begins again at 1 after 81 million papers. */
export const nextProcessId = (last: number): number => (last >= processIdMax ? 1 : last + 1);
