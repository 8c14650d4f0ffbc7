import { writeFile } from 'node:fs/promises';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import {
  createDisplaySimulator,
  type DisplaySimulator,
} from '#drivers/simulator/display-simulator.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer-simulator.ts';
import {
  createScannerSimulator,
  type ScannerSimulator,
} from '#drivers/simulator/scanner-simulator.ts';

/** The simulated devices of one till and their cables, driven by words. */
export interface DeviceBench {
  readonly printer: PrinterSimulator;
  readonly scanner: ScannerSimulator;
  readonly display: DisplaySimulator;
  attach(device: DeviceName, wire: FarWire): void;
  /** Pulls or plugs every cable of the device. */
  setCable(device: DeviceName, plugged: boolean): Promise<void>;
}

export const deviceNames = ['printer', 'scanner', 'display'] as const;
export type DeviceName = (typeof deviceNames)[number];

export function createDeviceBench(deps: {
  readonly timers: Timers;
  readonly width?: PaperWidth;
}): DeviceBench {
  const printer = createPrinterSimulator({ width: deps.width ?? 32, timers: deps.timers });
  const scanner = createScannerSimulator({ timers: deps.timers });
  const display = createDisplaySimulator();
  const simulators = { printer, scanner, display };
  const wires: Record<DeviceName, FarWire[]> = { printer: [], scanner: [], display: [] };
  return {
    ...simulators,
    attach: (device, wire) => {
      wires[device].push(wire);
      simulators[device].attach(wire);
    },
    setCable: async (device, plugged) => {
      for (const wire of wires[device]) await (plugged ? wire.plug() : wire.pull());
    },
  };
}

export const deviceCommands = [
  'scan CODE               the scanner reads a code',
  'paper out | in | near   the roll of the printer',
  'paper lines N           the roll ends after N more lines',
  'cover open | closed     the cover of the printer',
  'silent on | off         the printer answers nothing',
  'drawer open | closed    the switch of the drawer',
  'cable printer out | in  pull or plug the cable; also: cable scanner …, display …',
  'power                   switch the printer off and on',
  'show                    the text on the paper, the digits on the display',
  'svg FILE                the paper as a picture',
  'clear                   tear the paper off',
  'quit',
] as const;

/** Carries out one line of text and answers what to print. */
export async function runDeviceCommand(bench: DeviceBench, line: string): Promise<string> {
  const { printer, scanner } = bench;
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const what = words[0] ?? '';
  switch (`${verb} ${what}`.trim()) {
    case 'paper out':
      printer.setSwitches({ paperOut: true });
      return 'paper is out';
    case 'paper near':
      printer.setSwitches({ paperNearEnd: true });
      return 'paper is near its end';
    case 'paper in':
      printer.setSwitches({ paperOut: false, paperNearEnd: false });
      return 'paper is in';
    case 'paper lines': {
      const lines = Number(words[1]);
      if (!Number.isSafeInteger(lines) || lines < 1) return 'paper lines needs a number';
      printer.loadPaper(lines);
      return `paper for ${lines} lines`;
    }
    case 'cover open':
    case 'cover closed':
      printer.setSwitches({ coverOpen: what === 'open' });
      return `cover is ${what}`;
    case 'silent on':
    case 'silent off':
      printer.setSwitches({ silent: what === 'on' });
      return `silent is ${what}`;
    case 'drawer open':
    case 'drawer closed':
      printer.setSwitches({ drawerOpen: what === 'open' });
      return `drawer is ${what}`;
    case 'cable printer':
    case 'cable scanner':
    case 'cable display': {
      if (words[1] !== 'out' && words[1] !== 'in') return 'cable DEVICE out | in';
      const device = deviceNames.find((name) => name === what) ?? 'printer';
      await bench.setCable(device, words[1] === 'in');
      return `cable of the ${what} is ${words[1]}`;
    }
    case 'power':
      printer.powerCycle();
      return 'the printer was switched off and on';
    case 'show':
      return `${shownPaper(printer)}\n${shownGlass(bench.display)}`;
    case 'clear':
      printer.clearPaper();
      return 'the paper is torn off';
    case 'quit':
      return 'quit';
    default:
  }
  if (verb === 'scan' && what !== '') {
    scanner.scan(words.join(' '));
    return `scanned ${what.length} characters`;
  }
  if (verb === 'svg' && what !== '') {
    await writeFile(what, printer.renderPaperSvg());
    return `wrote ${what}`;
  }
  return deviceCommands.join('\n');
}

const shownGlass = (display: DisplaySimulator): string =>
  `display: [${display.text()}] ${display.lamps().join(' ')}`.trimEnd();

function shownPaper(printer: PrinterSimulator): string {
  const pieces = printer
    .receipts()
    .map((receipt) =>
      [...receipt.lines, ...receipt.qrTexts.map((text) => `[QR ${text}]`)].join('\n'),
    );
  return [...pieces, `drawer kicks: ${printer.drawerKickCount()}`].join('\n--- cut ---\n');
}
