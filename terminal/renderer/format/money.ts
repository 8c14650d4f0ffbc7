import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';

/** ¥1,234.50, from fen. */
export const yuan = (amountFen: number): string => `¥${plainYuan(amountFen)}`;

/** ¥200 when there are no decimals, else ¥200.50: for limits that a cashier reads in passing. */
export const shortYuan = (amountFen: number): string => yuan(amountFen).replace(/\.00$/, '');

/** 1,234.50, from fen: for points, for speech, and beside a ¥ of its own size. */
export const plainYuan = (amountFen: number): string => formatYuan(fen(amountFen));
