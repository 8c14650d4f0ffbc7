import { writeFile } from 'node:fs/promises';
import { boxCommands, runBoxCommand, shownBox } from '#drivers/simulator/box/box-commands.ts';
import { deviceNames, type DeviceBench } from '#drivers/simulator/device-bench.ts';
import type { DisplaySimulator } from '#drivers/simulator/display-simulator.ts';
import type { PrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';

/** The words of `npm run devices`. */
export const deviceCommands = [
  'scan CODE               the scanner reads a code',
  'paper out | in | near   the roll of the printer',
  'paper lines N           the roll ends after N more lines',
  'cover open | closed     the cover of the printer',
  'silent on | off         the printer answers nothing',
  'power                   switch the printer off and on; also: power off, power on',
  'drawer open | closed    the switch of the drawer; a kick opens it, too',
  ...boxCommands,
  'cable DEVICE out | in   pull or plug a cable: printer, scanner, box, display',
  'show                    the paper, the glass of the display, the screen of the box',
  'svg FILE                the paper as a picture',
  'clear                   tear the paper off',
  'quit',
] as const;

/** Carries out one line of text and answers what to print. */
export async function runDeviceCommand(bench: DeviceBench, line: string): Promise<string> {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const answer =
    verb === 'box' ? runBoxCommand(bench.box, words) : await runOther(bench, verb, words);
  return answer ?? deviceCommands.join('\n');
}

/** undefined: no such command. */
async function runOther(
  bench: DeviceBench,
  verb: string,
  words: readonly string[],
): Promise<string | undefined> {
  const { printer, scanner } = bench;
  const [what = ''] = words;
  switch (verb) {
    case 'paper':
    case 'cover':
    case 'silent':
    case 'drawer':
      return turnPrinter(printer, `${verb} ${what}`, words[1]);
    case 'cable':
      return turnCable(bench, words);
    case 'power':
      return turnPower(bench, what);
    case 'show':
      return [shownPaper(printer), shownGlass(bench.display), ...shownBox(bench.box)].join('\n');
    case 'clear':
      printer.clearPaper();
      return 'the paper is torn off';
    case 'quit':
      return 'quit';
    case 'scan':
      if (what === '') return undefined;
      scanner.scan(words.join(' '));
      return `scanned ${what.length} characters`;
    case 'svg':
      if (what === '') return undefined;
      await writeFile(what, printer.renderPaperSvg());
      return `wrote ${what}`;
    default:
      return undefined;
  }
}

function turnPrinter(
  printer: PrinterSimulator,
  command: string,
  count: string | undefined,
): string | undefined {
  const [verb, what] = command.split(' ');
  switch (command) {
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
      const lines = Number(count);
      if (!Number.isSafeInteger(lines) || lines < 1) return 'paper lines needs a number';
      printer.loadPaper(lines);
      return `paper for ${lines} lines`;
    }
    case 'cover open':
    case 'cover closed':
      printer.setSwitches({ coverOpen: what === 'open' });
      return `${verb} is ${what}`;
    case 'silent on':
    case 'silent off':
      printer.setSwitches({ silent: what === 'on' });
      return `${verb} is ${what}`;
    case 'drawer open':
    case 'drawer closed':
      printer.setSwitches({ drawerOpen: what === 'open' });
      return `${verb} is ${what}`;
    default:
      return undefined;
  }
}

async function turnCable(
  bench: DeviceBench,
  [name, way]: readonly string[],
): Promise<string | undefined> {
  const device = deviceNames.find((known) => known === name);
  if (device === undefined) return undefined;
  if (way !== 'out' && way !== 'in') return 'cable DEVICE out | in';
  await bench.setCable(device, way === 'in');
  return `cable of the ${device} is ${way}`;
}

async function turnPower(bench: DeviceBench, way: string): Promise<string | undefined> {
  if (way === 'off' || way === 'on') {
    await bench.setPrinterPower(way === 'on');
    return `the printer is ${way}`;
  }
  if (way !== '') return undefined;
  bench.printer.powerCycle();
  return 'the printer was switched off and on';
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
