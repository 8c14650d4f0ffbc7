import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime, type ManualTime } from '#drivers/contract/manual-time.ts';
import { drawnOnReceipt, drawnReceipt, smallReceipt } from '#drivers/contract/receipts.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import {
  referenceProfile,
  type PrinterProfile,
} from '#drivers/printer/profiles/printer-profile.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { PrintedReceipt } from '#drivers/simulator/paper/paper.ts';
import type { PrinterAbility } from '#drivers/simulator/printer/printer-answers.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

/** A receipt printer on a wire in memory, with the paper in sight. */
export interface PrinterDesk {
  readonly time: ManualTime;
  readonly wire: MemoryWire;
  readonly simulator: PrinterSimulator;
  readonly printer: ReceiptPrinter;
  readonly late: number[];
  readonly profile: PrinterProfile;
  /** What a sale prints here, with a mark above it or none. */
  readonly receipt: (mark: string) => readonly ReceiptCommand[];
}

export interface PrinterModel {
  readonly lacks: readonly PrinterAbility[];
  readonly msPerLine?: number;
  readonly processIdDelayMs?: number;
  /** Taken to answer process ids although it does not (any more). */
  readonly claimsProcessId?: boolean;
  /** Its ROM has neither QR codes nor rare characters: they are drawn for it. */
  readonly isPlain?: boolean;
}

export const cableOutMs = 1_000;

export async function createPrinterDesk(
  model: PrinterModel,
  knowledge: 'known' | 'probed' = 'known',
  earlierHex = '',
): Promise<PrinterDesk> {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const simulator = createPrinterSimulator({ width: 32, timers: time.timers, ...model });
  simulator.attach(wire.far);
  if (earlierHex !== '') {
    const earlier = await wire.transport.open();
    if (earlier.ok) {
      await earlier.value.write(Buffer.from(earlierHex.replaceAll(' ', ''), 'hex'));
      await earlier.value.close();
    }
  }
  const late: number[] = [];
  const profile = model.isPlain === true ? plainProfile : referenceProfile(32);
  const lacks = new Set(model.lacks);
  const printer = createReceiptPrinter({
    transport: wire.transport,
    width: 32,
    profile,
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(1),
    ...(knowledge === 'probed'
      ? {}
      : { capabilities: capabilitiesOf(lacks, model.claimsProcessId) }),
    onLateProcessId: (processId) => late.push(processId),
  });
  printer.start();
  await time.advance(400);
  const receipt = model.isPlain === true ? plainReceipt : markedReceipt;
  return { time, wire, simulator, printer, late, profile, receipt };
}

const capabilitiesOf = (
  lacks: ReadonlySet<PrinterAbility>,
  claimsProcessId = false,
): PrinterCapabilities => ({
  realTimeStatus: !lacks.has('real-time-status'),
  processId: claimsProcessId || !lacks.has('process-id'),
  fence: !lacks.has('fence'),
  cutCounter: !lacks.has('cut-counter'),
  autoStatus: !lacks.has('auto-status'),
});

const plainProfile: PrinterProfile = {
  ...referenceProfile(32),
  qr: 'raster',
  rareGlyph: 'defined',
};

const markOf = (mark: string): readonly ReceiptCommand[] =>
  mark === '' ? [] : [{ type: 'text', text: mark, size: 'double' }];

export const markedReceipt = (mark: string): readonly ReceiptCommand[] => [
  ...markOf(mark),
  ...smallReceipt('水果店'),
];

const plainReceipt = (mark: string): readonly ReceiptCommand[] => [
  ...markOf(mark),
  ...drawnReceipt('水果店'),
];

export const printOn = (
  desk: PrinterDesk,
  processId: number,
  mark: string,
): Promise<PrintOutcome> =>
  desk.time.settle(
    desk.printer.print({ jobId: 'order 1', processId, commands: desk.receipt(mark) }),
  );

/** Pieces of paper that a customer would take for the receipt. */
export function completeReceipts(desk: PrinterDesk): {
  readonly marked: number;
  readonly unmarked: number;
} {
  const whole = desk.simulator.receipts().filter(({ cut, ...piece }) => {
    const text = piece.lines.join('\n');
    const all = text.includes('水果店') && text.includes('12.50') && isWholePicture(piece, text);
    return all && cut && !text.includes('作废');
  });
  const marked = whole.filter((piece) => piece.lines.join('').includes('补打')).length;
  return { marked, unmarked: whole.length - marked };
}

/** A QR code that the printer drew itself, or all that was drawn for it. */
function isWholePicture(
  { qrTexts, barcodeTexts, rasterRows }: Omit<PrintedReceipt, 'cut'>,
  text: string,
): boolean {
  if (qrTexts.length > 0) return true;
  const { characters, barcode, qrRowsMin } = drawnOnReceipt;
  const drawn = text.split('\uFFFC').length - 1;
  return drawn === characters && barcodeTexts.includes(barcode) && rasterRows >= qrRowsMin;
}

export async function waitOnline(desk: PrinterDesk): Promise<void> {
  while (desk.printer.status().state !== 'online') {
    await new Promise<void>((resolve) => void desk.time.timers.after(100, resolve));
  }
}
