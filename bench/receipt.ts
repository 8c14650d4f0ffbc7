import { performance } from 'node:perf_hooks';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import { referenceProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { PackedRaster, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchRow, BenchTable, BenchVerdict } from './bench-table.ts';
import { describeMachine } from './machine.ts';
import { median } from './statistics.ts';
import {
  createPeerLogo,
  createPeers,
  type PeerReceipt,
  type ReceiptPeer,
} from './receipt/peers.ts';

/**
 * How fast and how correctly a 40-line Chinese receipt with logo, QR code and cut becomes bytes: ours against the
 * libraries from npm, in turns within the same run. The paper of the simulated printer judges what would be read.
 */
export async function runReceiptBench(): Promise<BenchTable> {
  const raster = packRaster(logoPicture);
  const encoders: readonly ReceiptPeer[] = [oursWith(raster), ...createPeers()];
  const logo = createPeerLogo({
    width: logoPicture.widthDots,
    height: logoPicture.heightDots,
    isBlack: logoPicture.isBlack,
  });
  const whole: PeerReceipt = { lines: receiptLines, qrText: qrUrl, logo };
  const plain: PeerReceipt = { ...whole, logo: null };
  const wholeRates = await measure(encoders, whole);
  const plainRates = await measure(encoders, plain);

  const rows: BenchRow[] = [];
  const [ourRate = 0, ...peerRates] = wholeRates;
  const [ourPlainRate = 0, ...peerPlainRates] = plainRates;
  for (const [index, encoder] of encoders.entries()) {
    const read = judge(await encoder.encode(whole));
    const name = encoder.name;
    rows.push(
      row(`${name}: with logo`, wholeRates[index] ?? 0, 'receipts/s', ourRate),
      row(`${name}: text and QR only`, plainRates[index] ?? 0, 'receipts/s', ourPlainRate),
      { name: `${name}: size`, value: read.byteCount, unit: 'bytes' },
      {
        name: `${name}: lines read by the judge`,
        value: read.lineCount,
        unit: `of ${receiptLines.length}`,
      },
      {
        name: `${name}: commands the judge does not know`,
        value: read.unknownCount,
        unit: 'commands',
      },
    );
  }
  const own = judge(await oursWith(raster).encode(whole));
  return {
    name: 'receipt',
    machine: describeMachine(),
    rows,
    verdicts: [
      faster('with logo', ourRate, peerRates, wholeRatioMin),
      fasterThanEscpos(ourRate, peerRates[0] ?? 0),
      faster('text and QR only', ourPlainRate, peerPlainRates, plainRatioMin),
      {
        law: 'every line of ours is on the paper, and no command is unknown to the judge',
        measured: `${own.lineCount} of ${receiptLines.length} lines, ${own.unknownCount} unknown`,
        ok: own.lineCount === receiptLines.length && own.unknownCount === 0,
      },
    ],
  };
}

/** Ours packs the logo once at start, the libraries convert it for each receipt: that is how each is used. */
const wholeRatioMin = 5;
/** The library that most shops' programs use, first of the peers: it packs the picture dot by dot. */
const escposRatioMin = 50;
/** Without a picture all of them only convert text: ours must not be the slower one. */
const plainRatioMin = 1;
const roundCount = 3;
const roundMs = 150;
const qrUrl = 'https://greentill.example/r/01K3ZQ4Y7M9T2V5W8X1B6C0D3E';
/** Goods without a sign before the price, and six lines of totals with the yen sign. */
const receiptLines = Array.from(
  { length: 40 },
  (_, index) =>
    `${String(index + 1).padStart(2, '0')} 新疆阿克苏苹果  ${index < 34 ? '' : '¥'}${index + 10}.50`,
);
const logoPicture = {
  widthDots: 384,
  heightDots: 96,
  isBlack: (x: number, y: number): boolean =>
    (x - 192) ** 2 / 16 + (y - 48) ** 2 < 2_000 && x % 7 !== 0,
};

function oursWith(raster: PackedRaster): ReceiptPeer {
  return {
    name: 'ours',
    encode: ({ lines, qrText, logo }) => {
      const commands: readonly ReceiptCommand[] = [
        ...(logo === null ? [] : [{ type: 'logo', raster } as const]),
        ...lines.map((text): ReceiptCommand => ({ type: 'text', text })),
        { type: 'qr', text: qrText },
        { type: 'cut' },
      ];
      return Promise.resolve(
        Buffer.concat(getOrThrow(encodeReceipt(commands, referenceProfile(32))).segments),
      );
    },
  };
}

/** Receipts per second of each encoder: the median of rounds taken in turns. */
async function measure(
  encoders: readonly ReceiptPeer[],
  receipt: PeerReceipt,
): Promise<readonly number[]> {
  const rounds = encoders.map((): number[] => []);
  for (const encoder of encoders) await encoder.encode(receipt);
  for (let round = 0; round < roundCount; round += 1) {
    for (const [index, encoder] of encoders.entries()) {
      const startMs = performance.now();
      let count = 0;
      do {
        await encoder.encode(receipt);
        count += 1;
      } while (performance.now() - startMs < roundMs);
      rounds[index]?.push((count * 1_000) / (performance.now() - startMs));
    }
  }
  return rounds.map(median);
}

function judge(bytes: Uint8Array): {
  readonly byteCount: number;
  readonly lineCount: number;
  readonly unknownCount: number;
} {
  const printer = createPrinterSimulator({ width: 32, timers: systemTimers });
  const listeners: ((chunk: Uint8Array) => void)[] = [];
  printer.attach({
    address: 'judge',
    send: () => undefined,
    onBytes: (listener) => void listeners.push(listener),
    onPresence: () => undefined,
  });
  for (const listener of listeners) listener(bytes);
  const read = new Set(printer.receipts().flatMap((receipt) => receipt.lines));
  return {
    byteCount: bytes.length,
    lineCount: receiptLines.filter((line) => read.has(line.replaceAll('¥', '￥'))).length,
    unknownCount: printer.unknownCommands().length,
  };
}

const row = (name: string, rate: number, unit: string, ourRate: number): BenchRow => ({
  name,
  value: Number(rate.toFixed(0)),
  unit,
  ratio: Number((ourRate / rate).toFixed(2)),
});

function faster(
  what: string,
  ourRate: number,
  peerRates: readonly number[],
  ratioMin: number,
): BenchVerdict {
  const ratio = ourRate / Math.max(...peerRates);
  return {
    law: `${what}: at least ${ratioMin} times as fast as the fastest library`,
    measured: `${ratio.toFixed(1)} times`,
    ok: ratio >= ratioMin,
  };
}

const fasterThanEscpos = (ourRate: number, escposRate: number): BenchVerdict => ({
  law: `with logo: at least ${escposRatioMin} times as fast as escpos`,
  measured: `${(ourRate / escposRate).toFixed(1)} times`,
  ok: ourRate / escposRate >= escposRatioMin,
});
