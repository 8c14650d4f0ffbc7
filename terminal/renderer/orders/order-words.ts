import type { OrderRow } from '#terminal/ipc/views.ts';
import type { Words } from '../i18n/zh.ts';

/** The way it was paid, in words. A tender this window does not know is shown as it came. */
export function tenderName(tender: OrderRow['tender'], words: Words): string {
  if (tender === null) return words.tender.none;
  return isKeyOf(words.tender, tender) ? words.tender[tender] : tender;
}

/** The state in words; a state of a newer agent is shown as it came. */
export function stateName(state: string, words: Words): string {
  return isKeyOf(words.state, state) ? words.state[state] : state;
}

/** The state, or how far the sale went back. */
export function stateWords(row: OrderRow, words: Words): string {
  if (row.refundedFen === 0) return stateName(row.state, words);
  return row.refundedFen < row.amountFen ? words.refund.partly : words.refund.wholly;
}

export function receiptName(receipt: string, words: Words): string {
  return isKeyOf(words.receipt, receipt) ? words.receipt[receipt] : receipt;
}

export function boxMethodName(method: string, words: Words): string {
  return isKeyOf(words.box.method, method) ? words.box.method[method] : method;
}

const isKeyOf = <T extends object>(record: T, key: PropertyKey): key is keyof T =>
  Object.hasOwn(record, key);
