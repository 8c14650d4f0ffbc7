import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';

/** A receipt small enough to pull the cable at each of its bytes, with every kind of command in it. */
export const smallReceipt = (title: string): readonly ReceiptCommand[] => [
  { type: 'logo', raster: smallLogo },
  { type: 'text', text: title, align: 'center', size: 'double', bold: true },
  {
    type: 'columns',
    columns: [
      { text: '苹果 ¥', width: 'rest' },
      { text: '12.50', width: 8, align: 'right' },
    ],
  },
  { type: 'qr', text: 'https://g.example/r/1' },
  { type: 'feed', lines: 1 },
  { type: 'cut' },
];

const smallLogo = packRaster({
  widthDots: 32,
  heightDots: 8,
  isBlack: (x, y) => (x + y) % 3 === 0,
});

/**
 * Everything that is drawn for a printer with little in its ROM: bars, a QR code in dots, two hanzi that it is
 * taught (FS 2) and a narrow letter, which is drawn in its line (ESC *).
 */
export const drawnReceipt = (title: string): readonly ReceiptCommand[] => [
  { type: 'text', text: title, align: 'center', bold: true },
  { type: 'text', text: drawnName },
  {
    type: 'columns',
    columns: [
      { text: '苹果 ¥', width: 'rest' },
      { text: '12.50', width: 8, align: 'right' },
    ],
  },
  { type: 'qr', text: 'https://g.example/r/1', moduleDots: 2, level: 'L' },
  { type: 'barcode', symbology: 'code128', text: 'GT-42', heightDots: 40 },
  { type: 'cut' },
];

/** Characters that no GBK font has, two wide and one narrow. */
const drawnName = '𠮷㛃ñ';
/** What `drawnReceipt` leaves on paper besides its text. */
export const drawnOnReceipt = { characters: 3, barcode: 'GT-42', qrRowsMin: 40 } as const;

/** Big enough for many segments: 40 goods. */
export const longReceipt = (title: string): readonly ReceiptCommand[] => [
  { type: 'text', text: title, align: 'center', bold: true },
  { type: 'rule', style: 'double' },
  ...Array.from({ length: 40 }, (_, index): ReceiptCommand => ({
    type: 'columns',
    columns: [
      { text: `第${index + 1}件 新疆阿克苏苹果`, width: 'rest' },
      { text: `${index + 1}.00`, width: 8, align: 'right' },
    ],
  })),
  { type: 'text', text: '谢谢惠顾', align: 'center', size: 'tall' },
  { type: 'feed', lines: 2 },
  { type: 'cut' },
];
