import type { Timers } from '#drivers/core/timers.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import { parseCommand } from '#drivers/simulator/escpos/escpos-parser.ts';
import { createPaperPen } from '#drivers/simulator/paper/paper-pen.ts';
import type { PaperRecord } from '#drivers/simulator/paper/paper.ts';
import type { PrinterRom } from '#drivers/simulator/paper/pen-mode.ts';

/** The printing half of a simulated printer: a receive buffer, a pen, and a roll that ends. */
export interface PrinterMechanism {
  readonly take: (bytes: Uint8Array) => void;
  /** Prints what waits, as far as the printer may work now. */
  readonly work: () => void;
  /** Buffer and modes are lost, the paper stays. */
  readonly forget: () => void;
  readonly imageKeys: () => readonly string[];
  readonly forgetImages: () => void;
  readonly paper: () => readonly PaperRecord[];
  readonly clearPaper: () => void;
  readonly loadPaper: (lines: number) => void;
}

const receiveBufferBytesMax = 1_048_576;

export function createPrinterMechanism(deps: {
  readonly width: PaperWidth;
  readonly rom: PrinterRom | undefined;
  readonly timers: Timers;
  readonly msPerLine: number;
  readonly isOnline: () => boolean;
  readonly onCommand: (command: ParsedCommand) => void;
  readonly onRollEnd: () => void;
  readonly onMoved: () => void;
}): PrinterMechanism {
  const paper: PaperRecord[] = [];
  const pen = createPaperPen(deps.width, paper, deps.rom);
  let received = new Uint8Array();
  let linesLeft = Number.POSITIVE_INFINITY;
  let moving = false;

  const mayWork = (): boolean => deps.isOnline() && !moving && received.length > 0;
  const work = (): void => {
    while (mayWork()) {
      const step = parseCommand(received, pen.mode());
      if (step.type === 'need-more') return;
      received = received.subarray(step.length);
      const moved = pen.apply(step.command);
      deps.onCommand(step.command);
      if (moved > 0) move(moved);
    }
  };

  const move = (lines: number): void => {
    linesLeft -= lines;
    if (linesLeft <= 0) {
      linesLeft = Number.POSITIVE_INFINITY;
      deps.onRollEnd();
    }
    deps.onMoved();
    const pauseMs = deps.msPerLine * lines;
    if (pauseMs === 0) return;
    moving = true;
    deps.timers.after(pauseMs, () => {
      moving = false;
      work();
    });
  };

  return {
    work,
    take: (bytes) => {
      received = Buffer.concat([received, bytes]).subarray(-receiveBufferBytesMax);
    },
    forget: () => {
      received = new Uint8Array();
      pen.reset();
    },
    imageKeys: () => pen.imageKeys(),
    forgetImages: () => pen.forgetImages(),
    paper: () => [...paper],
    clearPaper: () => {
      paper.length = 0;
    },
    loadPaper: (lines) => {
      linesLeft = lines;
    },
  };
}
