import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import { renderPaperSvg } from '#drivers/simulator/paper/paper-svg.ts';
import {
  receiptsOn,
  type PaperRecord,
  type PrintedReceipt,
} from '#drivers/simulator/paper/paper.ts';
import type { PrinterRom } from '#drivers/simulator/paper/pen-mode.ts';
import {
  answerAtOnce,
  type PrinterAbility,
  type PrinterFacts,
  type PrinterSwitches,
} from '#drivers/simulator/printer/printer-answers.ts';
import {
  createPrinterMechanism,
  type PrinterMechanism,
} from '#drivers/simulator/printer/printer-mechanism.ts';
import { createPrinterSpeech } from '#drivers/simulator/printer/printer-speech.ts';
import { createPrinterVoice } from '#drivers/simulator/printer/printer-voice.ts';
import {
  createRealTimeListener,
  cutAtCommands,
  type RealTimeCommand,
} from '#drivers/simulator/escpos/real-time-listener.ts';

export interface PrinterSimulatorDeps {
  readonly width: PaperWidth;
  readonly timers: Timers;
  /** Its font and how it enlarges hanzi; default: two-byte characters, enlarged by GS !. */
  readonly rom?: PrinterRom;
  /** What this model leaves unanswered; default: it answers everything. */
  readonly lacks?: readonly PrinterAbility[];
  /** Time per printed line in ms; default 0 (at once). */
  readonly msPerLine?: number;
  /** The word that a process id is printed comes so much later; default 0. */
  readonly processIdDelayMs?: number;
  /** What it calls itself; default "Greentill SIM" and "SIM00001". */
  readonly model?: string;
  readonly serial?: string;
}

/** A printer at the far end of a wire: it reads every byte, and its paper is the truth in tests. */
export interface PrinterSimulator {
  attach(far: FarSide): void;
  /** Bytes that a host left behind which is no more: they arrive, whatever cable is in. */
  feed(bytes: Uint8Array): void;
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
  /** The keys of the images in its non-volatile memory. */
  imageKeys(): readonly string[];
  /** The images in its non-volatile memory are gone, as after a reset to factory settings. */
  forgetImages(): void;
  onChange(listener: () => void): void;
}

const unknownCommandsMax = 200;

const switchesAtStart: PrinterSwitches = {
  paperOut: false,
  paperNearEnd: false,
  coverOpen: false,
  silent: false,
  drawerOpen: false,
};

export function createPrinterSimulator(deps: PrinterSimulatorDeps): PrinterSimulator {
  const lacks = new Set(deps.lacks);
  const { model = 'Greentill SIM', serial = 'SIM00001' } = deps;
  const counts: CommandCounts = { cuts: 0, drawerKicks: 0, unknown: [] };
  const changeListeners: (() => void)[] = [];
  let hear = createRealTimeListener();
  let switches = switchesAtStart;

  const facts = (): PrinterFacts => ({
    switches,
    lacks,
    cutCount: counts.cuts,
    imageKeys: mechanism.imageKeys(),
    model,
    serial,
  });
  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };

  const receive = (chunk: Uint8Array): void => {
    for (const piece of cutAtCommands(chunk, (byte) => hear(byte))) {
      mechanism.take(piece.bytes);
      if (piece.command !== null) obeyAtOnce(piece.command);
      mechanism.work();
    }
    changed();
  };
  const obeyAtOnce = (command: RealTimeCommand): void => {
    const answer = answerAtOnce(command, facts());
    if (command.type === 'clear-buffers' && answer !== null) mechanism.forget();
    if (command.type === 'drawer') counts.drawerKicks += 1;
    if (answer !== null) voice.say(answer, 'lost');
  };

  const voice = createPrinterVoice({ isSilent: () => switches.silent, onBytes: receive });
  const speech = createPrinterSpeech({ ...deps, voice, facts });
  const mechanism = createPrinterMechanism({
    width: deps.width,
    rom: deps.rom,
    timers: deps.timers,
    msPerLine: deps.msPerLine ?? 0,
    isOnline: () => !switches.paperOut && !switches.coverOpen,
    onCommand: (command) => {
      count(counts, command);
      speech.answer(command);
    },
    onRollEnd: () => setSwitches({ paperOut: true }),
    onMoved: changed,
  });
  const setSwitches = (change: Partial<PrinterSwitches>): void => {
    switches = { ...switches, ...change };
    speech.tellChange();
  };

  return {
    attach: voice.attach,
    feed: receive,
    ...paperOf(mechanism, deps.width, changed),
    ...countsOf(counts),
    switches: () => switches,
    setSwitches: (change) => {
      setSwitches(change);
      mechanism.work();
      changed();
    },
    powerCycle: () => {
      hear = createRealTimeListener();
      for (const part of [voice, speech, mechanism]) part.forget();
      changed();
    },
    onChange: (listener) => void changeListeners.push(listener),
  };
}

/** What is on paper and in the memory for images. */
const paperOf = (
  mechanism: PrinterMechanism,
  width: PaperWidth,
  changed: () => void,
): Pick<
  PrinterSimulator,
  | 'paper'
  | 'receipts'
  | 'renderPaperSvg'
  | 'clearPaper'
  | 'loadPaper'
  | 'imageKeys'
  | 'forgetImages'
> => ({
  paper: mechanism.paper,
  receipts: () => receiptsOn(mechanism.paper()),
  renderPaperSvg: () => renderPaperSvg(mechanism.paper(), width),
  clearPaper: () => {
    mechanism.clearPaper();
    changed();
  },
  loadPaper: mechanism.loadPaper,
  imageKeys: mechanism.imageKeys,
  forgetImages: mechanism.forgetImages,
});

interface CommandCounts {
  cuts: number;
  drawerKicks: number;
  readonly unknown: string[];
}

const countsOf = (
  counts: CommandCounts,
): Pick<PrinterSimulator, 'unknownCommands' | 'drawerKickCount' | 'cutCount'> => ({
  unknownCommands: () => [...counts.unknown],
  drawerKickCount: () => counts.drawerKicks,
  cutCount: () => counts.cuts,
});

function count(counts: CommandCounts, command: ParsedCommand): void {
  if (command.type === 'cut') counts.cuts += 1;
  if (command.type === 'drawer') counts.drawerKicks += 1;
  if (command.type === 'unknown' && counts.unknown.length < unknownCommandsMax) {
    counts.unknown.push(command.hex);
  }
}
