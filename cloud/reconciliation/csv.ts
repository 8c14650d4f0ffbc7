import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';

/** A CSV that spreadsheets open: with a byte order mark, lines ended as RFC 4180 has them. Cells are ready. */
export const csvFile = (header: string, rows: readonly (readonly string[])[]): string =>
  `\uFEFF${[header, ...rows.map((cells) => cells.join(',')), ''].join('\r\n')}`;

/** Yuan with two decimals and no signs between the thousands. */
export const csvYuan = (value: number): string => formatYuan(fen(value)).replaceAll(',', '');

/** Quoted text. One that begins like a formula is kept from being one: it may hold words of strangers. */
export const csvCell = (value: string): string =>
  `"${value.replaceAll('"', '""').replace(/^(?=[=+\-@\t\r])/, "'")}"`;
