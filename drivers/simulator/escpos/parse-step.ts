import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';

export type ParseStep =
  | { readonly type: 'need-more' }
  | { readonly type: 'command'; readonly command: ParsedCommand; readonly length: number };

export const needMore: ParseStep = { type: 'need-more' };

/** Known, and without effect on paper. */
export const ignored: ParsedCommand = { type: 'ignored' };

export const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/** Two bytes, the low one first. */
export const wordAt = (bytes: Uint8Array, index: number): number =>
  at(bytes, index) + at(bytes, index + 1) * 256;

export const whole = (command: ParsedCommand, length: number): ParseStep => ({
  type: 'command',
  command,
  length,
});

export const fixed = (
  bytes: Uint8Array,
  length: number,
  command: () => ParsedCommand,
): ParseStep => (bytes.length < length ? needMore : whole(command(), length));

export const unknown = (bytes: Uint8Array, length: number): ParseStep =>
  whole({ type: 'unknown', hex: Buffer.from(bytes.subarray(0, length)).toString('hex') }, length);
