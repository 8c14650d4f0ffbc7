import { formatYuan, parseYuan } from '#shared/money/format-yuan.ts';
import type { Fen } from '#shared/money/fen.ts';

/** Fen as the yuan text of a request: always two decimals, no separators. */
export const yuanText = (amountFen: Fen): string => formatYuan(amountFen).replaceAll(',', '');

const plainYuan = /^[0-9]{1,12}(?:\.[0-9]{1,2})?$/;

/**
 * The fen of a yuan amount in an answer; undefined when it is no such amount. Some answers carry a
 * JSON number: its shortest decimal text is exact for every amount with two decimals.
 */
export function fenOfYuan(value: string | number | undefined): Fen | undefined {
  const text = String(value);
  if (!plainYuan.test(text)) return undefined;
  const parsed = parseYuan(text);
  return parsed.ok ? parsed.value : undefined;
}
