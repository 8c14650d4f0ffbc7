import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { fen } from '#shared/money/fen.ts';
import { shanghaiOffsetMs } from '#shared/time/calendar-day.ts';

const text = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'UTC',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** "2026-11-22 18:30:05" in Shanghai. */
export const shanghaiText = (atMs: number): string => text.format(atMs + shanghaiOffsetMs);

/** "￥12.34": the full-width sign is the one every Chinese printer has. */
export const yuan = (amountFen: number): string => `￥${formatYuan(fen(amountFen))}`;

/** "1.20": points are never money, so they carry no currency sign. */
export const points = (pointsFen: number): string => formatYuan(fen(pointsFen));

/** "等级2": a member's tier (R23). */
export const tierWord = (tier: number): string => `等级${tier}`;

/**
 * What makes a copy known as one, on every kind of paper. `copy` 1 is the original and bears none,
 * 2 the first reprint.
 */
export const reprintMark = (copy: number): readonly ReceiptCommand[] =>
  copy <= 1
    ? []
    : [
        {
          type: 'text',
          text: `补打 第${copy - 1}次`,
          align: 'center',
          size: 'double',
          bold: true,
        },
      ];
