import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';

export interface SizedReceipt {
  readonly commands: readonly ReceiptCommand[];
  /** What the paper must show, line by line. */
  readonly lines: readonly string[];
  /** Bytes of text in it; commands come on top. */
  readonly bytes: number;
}

/**
 * A receipt of full lines, each different, of at least so many bytes. `mark` is one hanzi. GB18030
 * takes two bytes for a hanzi of two columns, and the line feed is one more.
 */
export function receiptOfBytes(mark: string, bytesMin: number, columns = 48): SizedReceipt {
  const bytesPerLine = columns + 1;
  const count = Math.ceil(bytesMin / bytesPerLine);
  const lines = Array.from({ length: count }, (_, at) => {
    const head = `${mark}${String(at + 1).padStart(5, '0')} 绿点收银小票 `;
    return head + '0123456789'.repeat(5).slice(0, columns - widthOf(head));
  });
  return {
    commands: [...lines.map(text), { type: 'feed', lines: 1 }, { type: 'cut' }],
    lines,
    bytes: count * bytesPerLine,
  };
}

const text = (line: string): ReceiptCommand => ({ type: 'text', text: line });

/** A hanzi takes two columns. */
const widthOf = (words: string): number =>
  words.length + words.replaceAll(/[^\p{Script=Han}]/gu, '').length;
