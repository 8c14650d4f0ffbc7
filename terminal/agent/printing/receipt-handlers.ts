import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { ok, type Result } from '#shared/result/result.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import { sampleReason } from '#terminal/agent/printing/paper-content.ts';
import type { ReceiptDesk } from '#terminal/agent/printing/receipt-desk.ts';
import type { ReceiptTemplates } from '#terminal/agent/printing/receipt-templates.ts';
import type { receiptMethods } from '#terminal/ipc/receipt-template.ts';
import type { MethodOutput } from '#terminal/ipc/terminal-api.ts';

export interface ReceiptHandlerDeps {
  readonly templates: ReceiptTemplates;
  readonly receipts: Pick<ReceiptDesk, 'preview' | 'printerPaperMm'>;
}

/** The methods by which a window sets receipts up. */
export const createReceiptHandlers = (
  { templates, receipts }: ReceiptHandlerDeps,
  queue: (
    job: Omit<EntryBody<'print.queued'>, 'jobId'>,
  ) => Result<MethodOutput<'receipt.printSample'>, ErrorCode>,
): Pick<Handlers, keyof typeof receiptMethods> => ({
  'receipt.template.get': () =>
    ok({
      template: templates.current(),
      isDefault: templates.isDefault(),
      printerPaperMm: receipts.printerPaperMm(),
    }),
  'receipt.template.set': ({ template }) => {
    const kept = templates.set(template);
    return kept.ok ? ok({}) : kept;
  },
  'receipt.preview': receipts.preview,
  'receipt.printSample': () => queue({ kind: 'test', copy: 1, reason: sampleReason }),
});
