import { formatYuan } from '#shared/money/format-yuan.ts';
import type { Fen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/**
 * Customer displays of the LED8N family: eight seven-segment digits and four lamps, 2400 8N1, write only.
 *
 *   1B 40              initialise: digits and lamps off
 *   0C                 clear all digits       18  clear the line
 *   1B 51 41 d… 0D     show d…: at most 8 of "0".."9" and "-"; "." lies in the digit before it
 *   1B 73 n            one lamp: n = 30 none, 31 price, 32 total, 33 collect, 34 change
 *   02 4C d1 d2 d3 d4  each lamp: price, total, collect, change as 30 (off) or 31 (on)
 *   02 42 n            line speed: n = 30..35 for 9600, 4800, 2400, 1200, 600, 300
 *
 * Source: the LED8N manual of the makers; the same command set is sold under many names.
 */
export const led8nBaud = 2_400;
export const led8nDigits = 8;

/** 单价, 总计, 收款, 找零. */
export type DisplayLamp = 'price' | 'total' | 'collect' | 'change';

export type Led8nCommand =
  | { readonly type: 'initialize' }
  | { readonly type: 'clear' }
  | { readonly type: 'clear-line' }
  /** Other characters than digits, "-" and "." are no text for it; see `amountText`. */
  | { readonly type: 'show'; readonly text: string }
  | { readonly type: 'lamp'; readonly lamp: DisplayLamp | 'none' }
  | { readonly type: 'lamps'; readonly on: readonly DisplayLamp[] }
  /** Takes effect at once and outlasts a power cut: the port must be opened at the new speed afterwards. */
  | { readonly type: 'baud'; readonly baud: Led8nBaud };

export const led8nBauds = [9_600, 4_800, 2_400, 1_200, 600, 300] as const;
export type Led8nBaud = (typeof led8nBauds)[number];

export const lampOrder = ['price', 'total', 'collect', 'change'] as const;
const zero = 0x30;

export const led8n = {
  initialize: [0x1b, 0x40],
  clear: [0x0c],
  clearLine: [0x18],
  showStart: [0x1b, 0x51, 0x41],
  showEnd: [0x0d],
  lamp: [0x1b, 0x73],
  lamps: [0x02, 0x4c],
  baud: [0x02, 0x42],
} as const;

/** What stands in place of a number that does not fit: nobody can take it for an amount. */
export const noNumber = '-'.repeat(led8nDigits);

export function encodeLed8n(command: Led8nCommand): Uint8Array {
  switch (command.type) {
    case 'initialize':
      return Uint8Array.from(led8n.initialize);
    case 'clear':
      return Uint8Array.from(led8n.clear);
    case 'clear-line':
      return Uint8Array.from(led8n.clearLine);
    case 'show': {
      const text = fits(command.text) ? command.text : noNumber;
      return Uint8Array.from([...led8n.showStart, ...Buffer.from(text, 'ascii'), ...led8n.showEnd]);
    }
    case 'lamp': {
      const number = command.lamp === 'none' ? 0 : lampOrder.indexOf(command.lamp) + 1;
      return Uint8Array.from([...led8n.lamp, zero + number]);
    }
    case 'lamps': {
      const states = lampOrder.map((lamp) => zero + (command.on.includes(lamp) ? 1 : 0));
      return Uint8Array.from([...led8n.lamps, ...states]);
    }
    case 'baud':
      return Uint8Array.from([...led8n.baud, zero + led8nBauds.indexOf(command.baud)]);
    default:
      return exhaustive(command);
  }
}

/** "12.50", or eight dashes for an amount that needs more than eight digits: never a part of a number. */
export function amountText(amountFen: Fen): string {
  const text = formatYuan(amountFen).replaceAll(',', '');
  return fits(text) ? text : noNumber;
}

/** Digits and minus signs, each with at most one point after it, and at least one of them. */
const fits = (text: string): boolean =>
  /^(?:[-0-9]\.?)+$/.test(text) && text.replaceAll('.', '').length <= led8nDigits;
