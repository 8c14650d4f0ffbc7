import decodeQR from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import {
  createPrinterSimulator,
  type PrinterSimulatorDeps,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';

async function createPrinter(model: Partial<PrinterSimulatorDeps> = {}) {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const printer = createPrinterSimulator({ width: 32, timers: time.timers, ...model });
  printer.attach(wire.far);
  const opened = await wire.transport.open();
  const answers: number[] = [];
  if (opened.ok) opened.value.onData((chunk) => answers.push(...chunk));
  const send = async (hex: string): Promise<string> => {
    answers.length = 0;
    if (opened.ok) await opened.value.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    await time.advance(1);
    return Buffer.from(answers).toString('hex');
  };
  return { printer, send };
}

describe('printer simulator', () => {
  it.each([
    ['healthy', {}, '10 04 01', '12'],
    ['drawer switch', { drawerOpen: true }, '10 04 01', '16'],
    ['offline without paper', { paperOut: true }, '10 04 01', '1a'],
    ['cause: cover', { coverOpen: true }, '10 04 02', '16'],
    ['cause: paper', { paperOut: true }, '10 04 02', '32'],
    ['no error', {}, '10 04 03', '12'],
    ['roll near its end', { paperNearEnd: true }, '10 04 04', '1e'],
    ['roll at its end', { paperOut: true }, '10 04 04', '72'],
    ['GS r', {}, '1D 72 01', '00'],
    ['GS r near end', { paperNearEnd: true }, '1D 72 01', '03'],
    ['cutter counter', {}, '1D 56 00 1D 67 32 00 B2 00', '5f3100'],
    ['process id', {}, '1D 28 48 06 00 30 30 41 42 43 44', '37224142434400'],
    ['buffers cleared', {}, '41 10 14 08 01 03 14 01 06 02 08', '372500'],
    ['silent', { silent: true }, '10 04 01', ''],
    ['in-sequence questions wait for paper', { paperOut: true }, '1D 72 01', ''],
  ])('answers %s', async (_, switches, question, answer) => {
    const { printer, send } = await createPrinter();
    printer.setSwitches(switches);
    expect(await send(question)).toBe(answer);
  });

  it('reports what a wrong driver sends: the drawer bytes and QR commands of other libraries', async () => {
    const { printer, send } = await createPrinter();
    // escpos 2.5.2 leaves out t1 and t2, so that the drawer command eats the text after it.
    await send('1B 70 00 41 42 0A');
    expect(printer.receipts()[0]?.lines).toEqual(['']);
    await send('1D 5A 02 1B 5A 03 4D 06');
    expect(printer.unknownCommands()).toEqual(['1d5a', '1b5a']);
  });

  it('a cut-off image swallows what follows, as on real paper, until it is cleared', async () => {
    const { printer, send } = await createPrinter();
    await send('1D 76 30 00 04 00 08 00 FF FF');
    await send('41 42 43 0A');
    expect(printer.receipts()).toEqual([]);
    expect(await send('10 14 08 01 03 14 01 06 02 08')).toBe('372500');
    await send('41 0A');
    expect(printer.receipts()[0]?.lines).toEqual(['A']);
  });

  it('breaks a line that is wider than the paper, and says so', async () => {
    const { printer, send } = await createPrinter();
    await send(`${'41'.repeat(33)} 0A`);
    expect(printer.paper().map((record) => record.type === 'line' && record.overflowed)).toEqual([
      true,
      false,
    ]);
  });

  it('four-byte characters come out as junk, as from a GBK font', async () => {
    const { printer, send } = await createPrinter();
    await send('81 30 84 36 0A');
    expect(printer.receipts()[0]?.lines[0]).toContain('\uFFFD');
  });

  it('draws paper as SVG with escaped text and a QR code that can be read', async () => {
    const { printer, send } = await createPrinter();
    await send('3C 26 3E 0A');
    await send('1D 28 6B 03 00 31 43 04 1D 28 6B 06 00 31 50 30 41 42 43 1D 28 6B 03 00 31 51 30');
    const svg = printer.renderPaperSvg();
    expect(svg).toContain('&lt;&amp;&gt;');
    await send('41 20 20 42 0A');
    expect(printer.renderPaperSvg()).toContain('x="0 36"');
    expect(readQr(svg)).toBe('ABC');
  });
});

/** Draws the last path of the picture into a bitmap and reads it with the decoder of the qr package. */
function readQr(svg: string): string {
  const path = svg.match(/d="([^"]+)"/g)?.at(-1) ?? '';
  const runs = [...path.matchAll(/M([\d.]+) ([\d.]+)h(\d+)v(\d+)/g)].map((run) =>
    run.slice(1).map(Number),
  );
  const side = 512;
  const data = new Uint8Array(side * side * 4).fill(255);
  for (const [x = 0, y = 0, width = 0, height = 0] of runs) {
    for (let row = y; row < y + height; row += 1) {
      for (let column = x; column < x + width; column += 1) {
        data.fill(
          0,
          ((row + 40) * side + column + 40) * 4,
          ((row + 40) * side + column + 40) * 4 + 3,
        );
      }
    }
  }
  return decodeQR({ width: side, height: side, data });
}
