import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PaperWidth } from '#drivers/printer/receipt.ts';
import { parseCommand, type ParsedCommand } from '#drivers/simulator/escpos-parser.ts';
import { renderPaperSvg } from '#drivers/simulator/paper-svg.ts';
import {
  createPaperPen,
  receiptsOn,
  type PaperRecord,
  type PrintedReceipt,
} from '#drivers/simulator/paper.ts';
import {
  createRealTimeListener,
  type RealTimeCommand,
} from '#drivers/simulator/real-time-listener.ts';

export interface PrinterSimulatorDeps {
  readonly width: PaperWidth;
  readonly timers: Timers;
  /** What this model leaves unanswered; default: it answers everything. */
  readonly lacks?: readonly PrinterAbility[];
  /** Time per printed line in ms; default 0 (at once). */
  readonly msPerLine?: number;
}

export type PrinterAbility =
  | 'real-time-status'
  | 'process-id'
  | 'fence'
  | 'cut-counter'
  | 'buffer-clear'
  /** Keeping the latest process id until the host can hear it. */
  | 'late-process-id';

/** A printer at the far end of a wire: it reads every byte, and its paper is the truth in tests. */
export interface PrinterSimulator {
  attach(far: FarSide): void;
  paper(): readonly PaperRecord[];
  /** The paper cut by cut; the last may still hang in the printer. */
  receipts(): readonly PrintedReceipt[];
  renderPaperSvg(): string;
  /** Tears the paper off and forgets it. */
  clearPaper(): void;
  /** Commands it does not know, as hex. A correct driver leaves this empty. */
  unknownCommands(): readonly string[];
  drawerKickCount(): number;
  cutCount(): number;
  switches(): PrinterSwitches;
  setSwitches(change: Partial<PrinterSwitches>): void;
  /** The roll ends after so many more lines (then `paperOut` switches itself on). */
  loadPaper(lines: number): void;
  /** Off and on: buffers and modes are lost, paper and counters stay. */
  powerCycle(): void;
  onChange(listener: () => void): void;
}

export interface PrinterSwitches {
  readonly paperOut: boolean;
  readonly paperNearEnd: boolean;
  readonly coverOpen: boolean;
  /** Hears everything, prints, and answers nothing. */
  readonly silent: boolean;
  readonly drawerOpen: boolean;
}

const unknownCommandsMax = 200;
const receiveBufferBytesMax = 1_048_576;
const cutterCounter = 178;

export function createPrinterSimulator(deps: PrinterSimulatorDeps): PrinterSimulator {
  const lacks = new Set(deps.lacks);
  const paper: PaperRecord[] = [];
  const pen = createPaperPen(deps.width, paper);
  const unknownCommands: string[] = [];
  const changeListeners: (() => void)[] = [];
  let hear = createRealTimeListener();
  let switches: PrinterSwitches = {
    paperOut: false,
    paperNearEnd: false,
    coverOpen: false,
    silent: false,
    drawerOpen: false,
  };
  let received = new Uint8Array();
  let linesLeft = Number.POSITIVE_INFINITY;
  let moving = false;
  const wires: { readonly far: FarSide; present: boolean }[] = [];
  let lateProcessId: readonly number[] | null = null;
  let drawerKicks = 0;
  let cuts = 0;

  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };
  const answer = (bytes: readonly number[]): void => {
    if (switches.silent) return;
    for (const wire of wires) if (wire.present) wire.far.send(Uint8Array.from(bytes));
  };
  const isHeard = (): boolean => wires.some((wire) => wire.present);
  const isOnline = (): boolean => !switches.paperOut && !switches.coverOpen;

  const answerProcessId = (digits: readonly number[]): void => {
    if (lacks.has('process-id')) return;
    const block = [0x37, 0x22, ...digits, 0x00];
    if (isHeard()) answer(block);
    else if (!lacks.has('late-process-id')) lateProcessId = block;
  };

  const obey = (command: ParsedCommand): void => {
    if (command.type === 'unknown' && unknownCommands.length < unknownCommandsMax) {
      unknownCommands.push(command.hex);
    }
    if (command.type === 'cut') cuts += 1;
    if (command.type === 'drawer') drawerKicks += 1;
    if (command.type === 'process-id') answerProcessId(command.digits);
    if (command.type === 'paper-question' && !lacks.has('fence')) {
      answer([switches.paperNearEnd ? 0x03 : 0x00]);
    }
    if (command.type === 'counter-question') {
      const known = command.counter === cutterCounter && !lacks.has('cut-counter');
      if (known) answer([0x5f, ...Buffer.from(String(cuts), 'ascii'), 0x00]);
    }
  };

  const mayWork = (): boolean => isOnline() && !moving && received.length > 0;
  const work = (): void => {
    while (mayWork()) {
      const step = parseCommand(received, pen.chineseOn());
      if (step.type === 'need-more') return;
      received = received.subarray(step.length);
      const moved = pen.apply(step.command);
      obey(step.command);
      if (moved > 0) move(moved);
    }
  };

  const move = (lines: number): void => {
    linesLeft -= lines;
    if (linesLeft <= 0) {
      switches = { ...switches, paperOut: true };
      linesLeft = Number.POSITIVE_INFINITY;
    }
    changed();
    const pause = (deps.msPerLine ?? 0) * lines;
    if (pause === 0) return;
    moving = true;
    deps.timers.after(pause, () => {
      moving = false;
      work();
    });
  };

  const obeyNow = (command: RealTimeCommand): void => {
    switch (command.type) {
      case 'status':
        if (!lacks.has('real-time-status')) answer([statusByte(command.question, switches)]);
        return;
      case 'drawer':
        drawerKicks += 1;
        changed();
        return;
      case 'clear-buffers':
        if (lacks.has('buffer-clear')) return;
        received = new Uint8Array();
        pen.reset();
        answer([0x37, 0x25, 0x00]);
        return;
      case 'recover':
        return;
    }
  };

  const receive = (chunk: Uint8Array): void => {
    for (let start = 0, end = 0; end < chunk.length;) {
      const now = hear(chunk[end] ?? 0);
      end += 1;
      if (now === null && end < chunk.length) continue;
      received = Buffer.concat([received, chunk.subarray(start, end)]).subarray(
        -receiveBufferBytesMax,
      );
      start = end;
      if (now !== null) obeyNow(now);
      work();
    }
    changed();
  };

  return {
    attach: (far) => {
      const wire = { far, present: false };
      wires.push(wire);
      far.onBytes(receive);
      far.onPresence((now) => {
        wire.present = now;
        if (!now || lateProcessId === null) return;
        const late = lateProcessId;
        lateProcessId = null;
        answer(late);
      });
    },
    paper: () => [...paper],
    receipts: () => receiptsOn(paper),
    renderPaperSvg: () => renderPaperSvg(paper, deps.width),
    clearPaper: () => {
      paper.length = 0;
      changed();
    },
    unknownCommands: () => [...unknownCommands],
    drawerKickCount: () => drawerKicks,
    cutCount: () => cuts,
    switches: () => switches,
    setSwitches: (change) => {
      switches = { ...switches, ...change };
      work();
      changed();
    },
    loadPaper: (lines) => {
      linesLeft = lines;
    },
    powerCycle: () => {
      received = new Uint8Array();
      lateProcessId = null;
      hear = createRealTimeListener();
      pen.reset();
      changed();
    },
    onChange: (listener) => void changeListeners.push(listener),
  };
}

/** DLE EOT n, Epson's bit tables: 12 is "nothing to report". */
function statusByte(question: number, switches: PrinterSwitches): number {
  const { paperOut, coverOpen, drawerOpen, paperNearEnd } = switches;
  const bits: readonly (readonly [boolean, number])[][] = [
    [],
    [
      [drawerOpen, 0x04],
      [paperOut || coverOpen, 0x08],
    ],
    [
      [coverOpen, 0x04],
      [paperOut, 0x20],
    ],
    [],
    [
      [paperNearEnd, 0x0c],
      [paperOut, 0x60],
    ],
  ];
  return (bits[question] ?? []).reduce((byte, [on, bit]) => (on ? byte | bit : byte), 0x12);
}
