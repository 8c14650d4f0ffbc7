import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { scanOfTyped } from '#shared/scan/typed-scan.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import type { Checkout } from '#terminal/agent/checkout/checkout.ts';
import { createDeviceHandlers } from '#terminal/agent/devices/device-handlers.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import type { DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import {
  createIdentityHandlers,
  type ActivationDesk,
} from '#terminal/agent/identity/activation-desk.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { createOrderHandlers, type OrderHandlerDeps } from '#terminal/agent/order-handlers.ts';
import { approvedBy, type OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { guardSetUp } from '#terminal/agent/owner/guard-handlers.ts';
import { createOwnerHandlers } from '#terminal/agent/owner/owner-handlers.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import { currentBusinessDate, dayStartMs, readToday } from '#terminal/agent/tally/read-today.ts';
import { resolveException } from '#terminal/agent/tally/resolve-exception.ts';
import { handledRows } from '#terminal/agent/tally/resolved-rows.ts';
import {
  createReceiptHandlers,
  type ReceiptHandlerDeps,
} from '#terminal/agent/printing/receipt-handlers.ts';
import type { CouponGiver } from '#terminal/agent/promotion/coupon-giver.ts';
import { createPromotionHandlers } from '#terminal/agent/promotion/promotion-handlers.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';
import type { Status } from '#terminal/ipc/state.ts';
import type { MethodOutput } from '#terminal/ipc/terminal-api.ts';

export interface HandlerDeps extends ReceiptHandlerDeps, OrderHandlerDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Link;
  readonly checkout: Checkout;
  readonly coupons: Pick<CouponGiver, 'wake'>;
  readonly devices: DeviceSet;
  readonly tests: DeviceTests;
  readonly owner: OwnerDesk;
  readonly activation: ActivationDesk;
  readonly troubles: Troubles;
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly random: Random;
  readonly cashier: string;
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

  const exceptionDeps = { ...deps, hasPrinter: () => devices.printer() !== undefined };

  return {
    'till.setAmount': ({ amountFen }) => done(checkout.setAmount(amountFen)),
    'till.scan': async ({ text }) => {
      const scan = scanOfTyped(text);
      if (!devices.scannedInWindow(scan) && !deps.activation.takesScan(scan))
        await checkout.scan(scan);
      return ok({});
    },
    'till.payCash': async ({ tenderedFen }) => done(await checkout.payCash(tenderedFen)),
    'till.payBox': async () => done(await checkout.payBox()),
    'till.payPromise': async ({ approvalId, ...asked }) => {
      const approve = () => deps.owner.redeem(approvalId, { action: 'till.payPromise' });
      return done(await checkout.payPromise({ ...asked, approve }));
    },
    'till.cancel': () => done(checkout.cancel()),
    'till.queryNow': () => done(checkout.queryNow()),
    'till.dismiss': () => done(checkout.dismiss()),
    'till.attachMember': async (wanted) => done(await checkout.attachMember(wanted)),
    'till.detachMember': () => done(checkout.detachMember()),
    'till.useVoucher': ({ use }) => done(checkout.useVoucher(use)),
    'till.dropCoupon': () => done(checkout.dropCoupon()),
    'till.dropLines': ({ no }) => done(checkout.dropLines(no)),
    'till.state': () => ok(checkout.state()),
    'status.get': () => ok(deps.status()),
    ...createOrderHandlers(deps, queue),
    'today.get': async ({ businessDate: date }) => ok(await readToday(deps, date)),
    'today.printSlip': () => queue({ kind: 'day-slip', copy: 1 }),
    'exceptions.list': () => ok({ rows: [...exceptionRows(read, deps.troubles.list())] }),
    'exceptions.handled': () => ok({ rows: [...handledRows(read, dayStartMs(deps))] }),
    'exceptions.resolve': (wanted) => done(resolveException(exceptionDeps, wanted)),
    ...guardSetUp(
      {
        ...createDeviceHandlers({ devices, tests: deps.tests, queue: queueJob }),
        ...createReceiptHandlers(deps, queue),
      },
      deps.owner,
    ),
    ...createOwnerHandlers(deps.owner),
    ...createIdentityHandlers(deps.activation),
    ...createPromotionHandlers(deps),
    'drawer.open': ({ reason, approvalId }) => {
      if (!devices.has('drawer')) return err('device-missing');
      if (!devices.printer()) return err('printer-missing');
      const approved = deps.owner.approveDrawer(approvalId);
      if (!approved.ok) return approved;
      const jobId = newId('prt', deps);
      const why = { reason, ...approvedBy(approved.value) };
      const who = { cashier: deps.cashier, businessDate: currentBusinessDate(deps) };
      // Both or none: no drawer opens of which the journal does not say who asked for it.
      const kept = journal.append([
        { type: 'drawer.no-sale', body: { jobId, ...who, ...why } },
        { type: 'print.queued', body: { jobId, kind: 'drawer', copy: 1, ...why } },
      ]);
      return kept.ok ? ok({}) : err(appendErrorCode(kept.error));
    },
  };
}
