import { execFileSync, spawnSync, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { printOnPaper, profileWith } from '#drivers/printer/testing/print-on-paper.ts';
import { paperAsPgm } from './paper-bitmap.ts';

/** `zbarimg` of Debian's zbar-tools reads codes off a picture, in any order. */
const canRead = spawnSync('zbarimg', ['--version'], { stdio: 'ignore' }).status === 0;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'greentill-zbar-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codesOn = (commands: readonly ReceiptCommand[], profile: PrinterProfile): readonly string[] =>
  zbar(commands, profile).trimEnd().split('\n').toSorted();

function zbar(
  commands: readonly ReceiptCommand[],
  profile: PrinterProfile,
  ...options: readonly string[]
): string {
  const { paper, restBytes } = printOnPaper([...commands, { type: 'cut' }], profile);
  expect(restBytes).toBe(0);
  const file = join(folder, 'paper.pgm');
  writeFileSync(file, paperAsPgm(paper, profile.columns));
  const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
  const limits = { timeout: 20_000, stdio };
  return execFileSync('zbarimg', ['-q', '--nodbus', ...options, file], limits).toString('utf8');
}

const link = 'https://greentill.example/r/01K3ZQ4Y7M9T2V5W8X1B6C0D3E';

/** Codes that the printer draws, and codes that we draw for a printer that cannot. */
const printers: readonly (readonly [string, PrinterProfile])[] = [
  ['drawn by the printer, 58 mm', profileWith()],
  ['drawn by the printer, 80 mm', profileWith({}, 48)],
  ['drawn by us, 58 mm', profileWith({ qr: 'raster', barcode: 'raster' })],
  ['drawn by us, 80 mm', profileWith({ qr: 'raster', barcode: 'raster' }, 48)],
];

const all: readonly (readonly [ReceiptCommand, string])[] = [
  [{ type: 'qr', text: link }, `QR-Code:${link}`],
  [{ type: 'qr', text: link, level: 'H', moduleDots: 4 }, `QR-Code:${link}`],
  [{ type: 'qr', text: 'A'.repeat(180), moduleDots: 4 }, `QR-Code:${'A'.repeat(180)}`],
  [{ type: 'barcode', symbology: 'code128', text: 'GT-2026-00042' }, 'CODE-128:GT-2026-00042'],
  [{ type: 'barcode', symbology: 'code128', text: '20261122000042' }, 'CODE-128:20261122000042'],
  [{ type: 'barcode', symbology: 'code128', text: 'ab{12}3456' }, 'CODE-128:ab{12}3456'],
  [{ type: 'barcode', symbology: 'ean13', text: '690123456789' }, 'EAN-13:6901234567892'],
  [{ type: 'barcode', symbology: 'ean8', text: '9638507' }, 'EAN-8:96385074'],
];

describe.skipIf(!canRead)('codes on paper read by zbarimg (needs zbar-tools)', () => {
  describe.each(printers)('%s', (_, profile) => {
    it.each(all)('%j', (command, read) => {
      expect(codesOn([command], profile)).toEqual([read]);
    });

    it('a QR code with Chinese in it holds UTF-8, byte by byte', () => {
      // The bytes are asked for: left to itself, zbar takes this text for Japanese.
      const text = '绿点收银 小票 0042';
      expect(zbar([{ type: 'qr', text }], profile, '-Sbinary')).toBe(text);
    });

    it('a receipt with a QR code and two bar codes gives all three', () => {
      const three: readonly ReceiptCommand[] = [
        { type: 'qr', text: link },
        { type: 'feed', lines: 2 },
        { type: 'barcode', symbology: 'code128', text: 'GT-2026-00042' },
        { type: 'feed', lines: 2 },
        { type: 'barcode', symbology: 'ean13', text: '690123456789' },
      ];
      const read = ['CODE-128:GT-2026-00042', 'EAN-13:6901234567892', `QR-Code:${link}`];
      expect(codesOn(three, profile)).toEqual(read);
    });
  });
});
