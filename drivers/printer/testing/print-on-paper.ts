import { getOrThrow } from '#shared/result/result.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import type { StoredLogo } from '#drivers/printer/encode/stored-logo.ts';
import {
  referenceProfile,
  type PrinterProfile,
} from '#drivers/printer/profiles/printer-profile.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import { parseCommand } from '#drivers/simulator/escpos/escpos-parser.ts';
import { createPaperPen, type PaperPen } from '#drivers/simulator/paper/paper-pen.ts';
import {
  receiptsOn,
  type PaperRecord,
  type PrintedReceipt,
} from '#drivers/simulator/paper/paper.ts';
import type { PrinterRom } from '#drivers/simulator/paper/pen-mode.ts';

/** What a simulated printer made of bytes. */
export interface Printed {
  readonly paper: readonly PaperRecord[];
  readonly receipts: readonly PrintedReceipt[];
  readonly commands: readonly ParsedCommand[];
  /** Bytes of a last command that did not end. */
  readonly restBytes: number;
}

export const profileWith = (
  change: Partial<PrinterProfile> = {},
  columns: PrinterProfile['columns'] = 32,
): PrinterProfile => ({ ...referenceProfile(columns), ...change });

export const bytesOf = (
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
  held: StoredLogo | null = null,
): Uint8Array => Buffer.concat(getOrThrow(encodeReceipt(commands, profile, held)).segments);

/** Prints on the paper of a printer as the profile describes it, or with the given ROM. */
export function printOnPaper(
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
  rom: PrinterRom = profile,
): Printed {
  const paper: PaperRecord[] = [];
  const pen = createPaperPen(profile.columns, paper, rom);
  return obey(pen, paper, bytesOf(commands, profile));
}

export function obey(pen: PaperPen, paper: readonly PaperRecord[], bytes: Uint8Array): Printed {
  const commands: ParsedCommand[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const step = parseCommand(rest, pen.mode());
    if (step.type === 'need-more') break;
    pen.apply(step.command);
    commands.push(step.command);
    rest = rest.subarray(step.length);
  }
  return { paper, receipts: receiptsOn(paper), commands, restBytes: rest.length };
}
