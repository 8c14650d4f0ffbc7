import {
  referenceProfile,
  type PrinterProfile,
} from '#drivers/printer/profiles/printer-profile.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { changedTimeMs } from '#terminal/agent/business-time.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { receiptFrom, type ReceiptFacts } from '#terminal/agent/printing/receipt-content.ts';
import { previewOf } from '#terminal/agent/printing/receipt-preview.ts';
import type { ReceiptTemplates } from '#terminal/agent/printing/receipt-templates.ts';
import { sampleFacts } from '#terminal/agent/printing/sample-receipt.ts';
import { logoRaster } from '#terminal/agent/printing/template-logo.ts';
import { isDelivered } from '#terminal/agent/uplink/undelivered.ts';
import { templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import type {
  ReceiptPreview,
  ReceiptSample,
  ReceiptTemplate,
} from '#terminal/ipc/receipt-template.ts';
import type { MethodInput } from '#terminal/ipc/terminal-api.ts';

/** Receipts as this till prints them: the facts of an order in the shop's template, on the paper that is there. */
export interface ReceiptDesk {
  /** The receipt of an order; undefined when there is no such order. */
  readonly receipt: (orderId: string, copy: number) => readonly ReceiptCommand[] | undefined;
  /** A sample with the kept template, marked as a proof of nothing. */
  readonly sample: () => readonly ReceiptCommand[];
  /** Of the printer in use; null without one. */
  readonly printerPaperMm: () => 58 | 80 | null;
  /** Errors: those of {@link templateFault}, `order-not-found`. */
  readonly preview: (input: MethodInput<'receipt.preview'>) => Result<ReceiptPreview, ErrorCode>;
}

export interface ReceiptDeskDeps {
  readonly journal: Pick<Journal, 'read'>;
  readonly businessClock: Clock;
  readonly cashier: string;
  readonly config: () => ConfigPayload | undefined;
  readonly templates: Pick<ReceiptTemplates, 'current'>;
  /** What the printer in use draws; undefined without a printer. */
  readonly printer: () => PrinterProfile | undefined;
}

export function createReceiptDesk(deps: ReceiptDeskDeps): ReceiptDesk {
  const { read } = deps.journal;
  const factsOf = (orderId: string, copy: number): ReceiptFacts | undefined => {
    const stored = findOrder(read, orderId as OrderId);
    if (!stored) return undefined;
    const config = deps.config();
    return {
      merchantName: config?.merchantName ?? '',
      storeName: config?.storeName ?? '',
      storePhone: config?.storePhone ?? '',
      order: stored.order,
      changedAtMs: changedTimeMs(stored, config?.cutOverHour ?? 0),
      claimUrl: (config?.claimBaseUrl ?? '') + stored.claimToken,
      synced: isDelivered(read, stored),
      copy,
    };
  };
  const sampleOf = (sample: ReceiptSample): ReceiptFacts => {
    const config = deps.config();
    return sampleFacts(sample, {
      merchantName: config?.merchantName ?? '',
      storeName: config?.storeName ?? '',
      storePhone: config?.storePhone ?? '',
      claimBaseUrl: config?.claimBaseUrl ?? claimBaseUrlSample,
      cashier: deps.cashier,
      atMs: deps.businessClock.nowMs(),
    });
  };
  const print = (facts: ReceiptFacts): readonly ReceiptCommand[] => {
    const template = deps.templates.current();
    return compose(template, facts, deps.printer() ?? paperProfile(template));
  };

  return {
    receipt: (orderId, copy) => {
      const facts = factsOf(orderId, copy);
      return facts && print(facts);
    },
    sample: () => [sampleMark, ...print(sampleOf('wallet'))],
    printerPaperMm: () => deps.printer()?.paperMm ?? null,
    preview: ({ template, sample = 'wallet', orderId }) => {
      const fault = templateFault(template);
      if (fault) return err(fault.code);
      const facts = orderId === undefined ? sampleOf(sample) : factsOf(orderId, 1);
      if (!facts) return err('order-not-found');
      const printer = deps.printer();
      const profile = printer?.paperMm === template.paperMm ? printer : paperProfile(template);
      return ok(previewOf(compose(template, facts, profile), profile));
    },
  };
}

const columnsOfPaper = { 58: 32, 80: 48 } as const;
const claimBaseUrlSample = 'https://claim.example/';

/** A printer that does everything, with the paper that the template is drawn for. */
const paperProfile = ({ paperMm }: ReceiptTemplate): PrinterProfile =>
  referenceProfile(columnsOfPaper[paperMm]);

const compose = (
  template: ReceiptTemplate,
  facts: ReceiptFacts,
  { dots }: PrinterProfile,
): readonly ReceiptCommand[] =>
  receiptFrom(
    template,
    template.logo ? { ...facts, logo: logoRaster(template.logo, dots) } : facts,
  );

const sampleMark: ReceiptCommand = {
  type: 'text',
  text: '样张 不作凭证',
  align: 'center',
  size: 'double',
  bold: true,
};
