import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { businessDate } from '#shared/time/business-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import { CloudTallySchema, type ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { scanOfTyped } from '#shared/scan/typed-scan.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import type { Checkout } from '#terminal/agent/checkout/checkout.ts';
import { createDeviceHandlers } from '#terminal/agent/devices/device-handlers.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import type { DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, listOrders } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt } from '#terminal/agent/printing/spool-view.ts';
import { exceptionRows, orderRow } from '#terminal/agent/tally/order-views.ts';
import { sumDay, tomorrowOf } from '#terminal/agent/tally/today.ts';
import {
  createReceiptHandlers,
  type ReceiptHandlerDeps,
} from '#terminal/agent/printing/receipt-handlers.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';
import { undelivered } from '#terminal/agent/uplink/undelivered.ts';
import type { Status } from '#terminal/ipc/state.ts';
import type { MethodOutput } from '#terminal/ipc/terminal-api.ts';
import type { Today } from '#terminal/ipc/views.ts';

export interface HandlerDeps extends ReceiptHandlerDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Link;
  readonly checkout: Checkout;
  readonly devices: DeviceSet;
  readonly tests: DeviceTests;
  readonly troubles: Troubles;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: () => ConfigPayload | undefined;
  readonly status: () => Status;
}

type Done = Result<MethodOutput<'till.cancel'>, ErrorCode>;

const done = (outcome: Result<unknown, ErrorCode>): Done => (outcome.ok ? ok({}) : outcome);

/** The methods of the contract, each as a few words about the parts that do the work. */
export function createHandlers(deps: HandlerDeps): Handlers {
  const { journal, checkout, devices } = deps;
  const { read } = journal;

  const queueJob = (job: Omit<EntryBody<'print.queued'>, 'jobId'>): Result<string, ErrorCode> => {
    if (!devices.printer()) return err('printer-missing');
    const jobId = newId('prt', deps);
    const kept = journal.append([{ type: 'print.queued', body: { jobId, ...job } }]);
    return kept.ok ? ok(jobId) : err(appendErrorCode(kept.error));
  };
  const queue = (job: Omit<EntryBody<'print.queued'>, 'jobId'>): Done => done(queueJob(job));

  return {
    'till.setAmount': ({ amountFen }) => done(checkout.setAmount(amountFen)),
    'till.scan': async ({ text }) => {
      const scan = scanOfTyped(text);
      if (!devices.scannedInWindow(scan)) await checkout.scan(scan);
      return ok({});
    },
    'till.payCash': async ({ tenderedFen }) => done(await checkout.payCash(tenderedFen)),
    'till.payBox': async () => done(await checkout.payBox()),
    'till.cancel': () => done(checkout.cancel()),
    'till.queryNow': () => done(checkout.queryNow()),
    'till.dismiss': () => done(checkout.dismiss()),
    'till.attachMember': async ({ phone }) => done(await checkout.attachMember(phone)),
    'till.detachMember': () => done(checkout.detachMember()),
    'till.useVoucher': ({ use }) => done(checkout.useVoucher(use)),
    'till.state': () => ok(checkout.state()),
    'status.get': () => ok(deps.status()),
    'orders.list': (filter) => {
      const rows = listOrders(read, filter).map((stored) => orderRow(read, stored));
      const last = rows.length === filter.limit ? rows.at(-1) : undefined;
      return ok({ rows, nextBefore: last?.orderId ?? null });
    },
    'orders.get': ({ orderId }) => {
      const stored = findOrder(read, orderId as OrderId);
      return stored ? ok(orderRow(read, stored)) : err('order-not-found');
    },
    'orders.decideBox': (slip) => done(checkout.decideBox(slip)),
    'orders.reprint': ({ orderId }) => {
      if (!findOrder(read, orderId as OrderId)) return err('order-not-found');
      const copy = (lastReceipt(read, orderId)?.copy ?? 0) + 1;
      return copy > receiptCopiesMax
        ? err('print-copies-used')
        : queue({ kind: 'receipt', orderId, copy });
    },
    'today.get': async ({ businessDate: date }) => ok(await readToday(deps, date)),
    'today.printSlip': () => queue({ kind: 'day-slip', copy: 1 }),
    'exceptions.list': () => ok({ rows: [...exceptionRows(read, deps.troubles.list())] }),
    ...createDeviceHandlers({ devices, tests: deps.tests, queue: queueJob }),
    ...createReceiptHandlers(deps, queue),
    'drawer.open': ({ reason }) =>
      devices.has('drawer') ? queue({ kind: 'drawer', copy: 1, reason }) : err('device-missing'),
  };
}

const receiptCopiesMax = 99;
/** The figures of tomorrow are worth this wait, not more: the till's own sums are there at once. */
const tallyTimeoutMs = 2_000;

/** The business day that the till is in now. */
export const currentBusinessDate = (deps: Pick<HandlerDeps, 'clock' | 'config'>): string =>
  businessDate({ atMs: deps.clock.nowMs(), cutOverHour: deps.config()?.cutOverHour ?? 0 });

/** The day as this till knows it, without asking anybody. */
export function localToday(
  deps: Pick<HandlerDeps, 'journal' | 'clock' | 'config'>,
  date = currentBusinessDate(deps),
): Today {
  return {
    ...sumDay(deps.journal.read, date),
    tomorrow: null,
    chainHead: deps.journal.head().hash.slice(0, chainHeadDigits),
    unsentCount: undelivered(deps.journal.read).count,
  };
}

const chainHeadDigits = 8;

async function readToday(deps: HandlerDeps, date: string | undefined): Promise<Today> {
  const today = localToday(deps, date);
  if (!deps.link.online()) return today;
  const tally = await deps.cloud.call({
    method: 'GET',
    path: `/v1/tallies/${today.businessDate}`,
    answer: CloudTallySchema,
    timeoutMs: tallyTimeoutMs,
  });
  return { ...today, tomorrow: tomorrowOf(tally.ok ? tally.value : undefined) };
}
