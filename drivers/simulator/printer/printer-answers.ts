import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import type { RealTimeCommand } from '#drivers/simulator/escpos/real-time-listener.ts';

export type PrinterAbility =
  | 'real-time-status'
  | 'process-id'
  | 'fence'
  | 'cut-counter'
  | 'buffer-clear'
  | 'auto-status'
  /** GS ( L 64: the keys of its stored images. */
  | 'image-keys'
  /** GS I: its own name. */
  | 'identity'
  /** Keeping the latest process id until the host can hear it. */
  | 'late-process-id';

export interface PrinterSwitches {
  readonly paperOut: boolean;
  readonly paperNearEnd: boolean;
  readonly coverOpen: boolean;
  /** Hears everything, prints, and answers nothing. */
  readonly silent: boolean;
  readonly drawerOpen: boolean;
}

/** What a printer answers from. */
export interface PrinterFacts {
  readonly switches: PrinterSwitches;
  readonly cutCount: number;
  readonly imageKeys: readonly string[];
  readonly lacks: ReadonlySet<PrinterAbility>;
  readonly model: string;
  readonly serial: string;
}

const cutterCounter = 178;
const modelName = 67;
const serialNumber = 68;

/** The answer to a command in its turn; null when this printer has none. */
export function answerInTurn(
  command: ParsedCommand,
  { switches, cutCount, imageKeys, lacks, model, serial }: PrinterFacts,
): readonly number[] | null {
  if (command.type === 'process-id' && !lacks.has('process-id')) {
    return [0x37, 0x22, ...command.digits, 0x00];
  }
  if (command.type === 'paper-question' && !lacks.has('fence')) {
    return [switches.paperNearEnd ? 0x03 : 0x00];
  }
  if (command.type === 'counter-question' && !lacks.has('cut-counter')) {
    return command.counter === cutterCounter ? textBlock(String(cutCount)) : null;
  }
  if (command.type === 'image-keys-question' && !lacks.has('image-keys')) {
    return [0x37, 0x72, 0x40, ...Buffer.from(imageKeys.join(''), 'latin1'), 0x00];
  }
  if (command.type === 'identity-question' && !lacks.has('identity')) {
    if (command.what === modelName) return textBlock(model);
    return command.what === serialNumber ? textBlock(serial) : null;
  }
  if (command.type === 'auto-status' && command.mask !== 0 && !lacks.has('auto-status')) {
    return autoStatusBytes(switches);
  }
  return null;
}

const textBlock = (text: string): readonly number[] => [0x5f, ...Buffer.from(text, 'ascii'), 0x00];

const withBits = (byte: number, switched: readonly (readonly [boolean, number])[]): number =>
  switched.reduce((sum, [on, bit]) => (on ? sum | bit : sum), byte);

/** The four bytes of GS a, Epson's bit tables: 10 00 00 0F is "nothing to report". */
export function autoStatusBytes(switches: PrinterSwitches): readonly number[] {
  const { paperOut, coverOpen, drawerOpen, paperNearEnd } = switches;
  return [
    withBits(0x10, [
      [drawerOpen, 0x04],
      [paperOut || coverOpen, 0x08],
      [coverOpen, 0x20],
    ]),
    0x00,
    withBits(0x00, [
      [paperNearEnd, 0x03],
      [paperOut, 0x0c],
    ]),
    0x0f,
  ];
}

/** The answer to a real-time command; null when this printer has none. */
export function answerAtOnce(
  command: RealTimeCommand,
  { switches, lacks }: PrinterFacts,
): readonly number[] | null {
  switch (command.type) {
    case 'status':
      return lacks.has('real-time-status') ? null : [statusByte(command.question, switches)];
    case 'clear-buffers':
      return lacks.has('buffer-clear') ? null : [0x37, 0x25, 0x00];
    case 'drawer':
    case 'recover':
      return null;
  }
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
  return withBits(0x12, bits[question] ?? []);
}
