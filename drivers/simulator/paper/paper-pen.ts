import { dotsOfColumns } from '#drivers/printer/profiles/printer-profile.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand, ParserMode } from '#drivers/simulator/escpos/escpos-command.ts';
import {
  modeAfter,
  modeAtStart,
  type PenMode,
  type PrinterRom,
} from '#drivers/simulator/paper/pen-mode.ts';
import { barcodeOf, qrOf } from '#drivers/simulator/paper/paper-codes.ts';
import { characterOf } from '#drivers/simulator/paper/paper-line.ts';
import {
  createPaperRoll,
  type PaperRoll,
  type RasterImage,
} from '#drivers/simulator/paper/paper-roll.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';

/** Turns print commands into paper. Lines are counted, because paper ends. */
export interface PaperPen {
  /** Lines of paper that the command moved; 0 when it only changed a mode. */
  apply(command: ParsedCommand): number;
  /** Power off: the half line and the modes are gone, the paper and the stored images stay. */
  reset(): void;
  mode(): ParserMode;
  /** Of the stored images, two characters each. */
  imageKeys(): readonly string[];
  /** The memory that power cycles leave alone is emptied. */
  forgetImages(): void;
}

const qrLines = 8;
const barcodeLines = (heightDots: number): number => Math.ceil(heightDots / 24) + 1;
/** As many as one answer lists (Epson, GS ( L 64). */
const storedImagesMax = 40;

export function createPaperPen(
  width: PaperWidth,
  paper: PaperRecord[],
  rom: PrinterRom = { charset: 'gbk', hanziSize: 'gs' },
): PaperPen {
  const dots = dotsOfColumns[width];
  const roll = createPaperRoll(paper, dots);
  const stored = new Map<string, RasterImage>();
  let mode: PenMode = modeAtStart;

  const reset = (): void => {
    mode = modeAtStart;
    roll.forgetLine();
  };

  return {
    apply: (command) => {
      mode = modeAfter(mode, command, rom);
      if (command.type === 'initialize') reset();
      return movePaper(command, { mode, roll, stored, dots });
    },
    reset,
    mode: () => ({ chineseOn: mode.chinese, charset: rom.charset }),
    imageKeys: () => [...stored.keys()],
    forgetImages: () => stored.clear(),
  };
}

interface PenHand {
  readonly mode: PenMode;
  readonly roll: PaperRoll;
  readonly stored: Map<string, RasterImage>;
  readonly dots: number;
}

/** Puts on paper what a command brings in the mode of the moment; answers by how many lines the paper moved. */
function movePaper(command: ParsedCommand, { mode, roll, stored, dots }: PenHand): number {
  const { align } = mode;
  switch (command.type) {
    case 'character':
    case 'defined-hanzi':
    case 'inline-image':
      return roll.type(characterOf(command, mode), align);
    case 'line-feed':
      return roll.endLine(align);
    case 'feed':
      return roll.feed(command.lines, align);
    case 'raster':
      return roll.raster(command, align);
    case 'image-print':
      return roll.raster(stored.get(command.key) ?? null, align);
    case 'image-store':
    case 'image-delete':
      return rememberImage(stored, command);
    case 'qr-print':
      return roll.put(qrOf(mode, dots), qrLines);
    case 'barcode':
      return roll.put(barcodeOf(command, mode, dots), barcodeLines(mode.barcode.heightDots));
    case 'cut':
      roll.endHalfLine(align);
      return roll.put({ type: 'cut', full: command.full }, 1);
    case 'align':
    case 'auto-status':
    case 'barcode-height':
    case 'barcode-module':
    case 'barcode-text':
    case 'bold':
    case 'chinese':
    case 'counter-question':
    case 'define-hanzi':
    case 'drawer':
    case 'font':
    case 'hanzi-size':
    case 'identity-question':
    case 'ignored':
    case 'image-keys-question':
    case 'initialize':
    case 'paper-question':
    case 'process-id':
    case 'qr-level':
    case 'qr-module':
    case 'qr-store':
    case 'size':
    case 'unknown':
      return 0;
  }
}

/** Non-volatile memory: no paper moves. */
function rememberImage(
  stored: Map<string, RasterImage>,
  command: Extract<ParsedCommand, { readonly type: 'image-store' | 'image-delete' }>,
): 0 {
  if (command.type === 'image-delete') stored.delete(command.key);
  else if (stored.size < storedImagesMax) stored.set(command.key, command);
  return 0;
}
