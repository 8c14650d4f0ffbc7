import encodeQR from 'qr';
import type { QrCommand } from '#drivers/printer/receipt/receipt.ts';

const levels = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' } as const;

/** The modules of a QR code, row by row, `1` black, without the quiet zone around it. */
export const qrModules = ({ text, level = 'M' }: QrCommand): readonly string[] =>
  // The library insists on a border; printers leave the quiet zone to the paper.
  encodeQR(text, 'raw', { ecc: levels[level], border: 1 })
    .slice(1, -1)
    .map((row) =>
      row
        .slice(1, -1)
        .map((black) => (black ? '1' : '0'))
        .join(''),
    );
