import { referenceProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createReceiptDesk } from '#terminal/agent/printing/receipt-desk.ts';
import type { receiptMethods } from '#terminal/ipc/receipt-template.ts';
import { defaultReceiptTemplate } from '#terminal/ipc/receipt-template-rules.ts';
import type { MethodInput, MethodOutput } from '#terminal/ipc/terminal-api.ts';
import { nowMs } from './sample-screens.ts';

type Methods = keyof typeof receiptMethods;

/** Receipts as the agent itself lays them out, with a template in memory: no scripted paper could be as true. */
export function scriptedReceipts(): {
  readonly [M in Methods]: (input: MethodInput<M>) => MethodOutput<M>;
} {
  let template = defaultReceiptTemplate;
  let isDefault = true;
  const desk = createReceiptDesk({
    journal: { read: { one: () => undefined, all: () => [] } },
    businessClock: { nowMs: () => nowMs, monotonicMs: () => 0 },
    cashier: '王姐',
    config: () => undefined,
    templates: { current: () => template },
    printer: () => referenceProfile(48),
  });
  return {
    'receipt.template.get': () => ({ template, isDefault, printerPaperMm: desk.printerPaperMm() }),
    'receipt.template.set': (input) => {
      template = input.template;
      isDefault = false;
      return {};
    },
    'receipt.preview': (input) => getOrThrow(desk.preview(input)),
    'receipt.printSample': () => ({}),
  };
}
