import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';
import { newId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { createCheckout, type Checkout } from '#terminal/agent/checkout/checkout.ts';
import { createCodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import type { CounterDeps } from '#terminal/agent/checkout/counter.ts';
import type { CloudSide } from '#terminal/agent/cloud-side.ts';
import type { Config } from '#terminal/agent/config.ts';
import { createCustomerScreen } from '#terminal/agent/display/customer-screen.ts';
import { createCapabilityStore } from '#terminal/agent/devices/stored/capability-store.ts';
import { createDeviceSet, type DeviceSet } from '#terminal/agent/devices/device-set.ts';
import { createLogoStore } from '#terminal/agent/devices/stored/logo-store.ts';
import { createDeviceStore } from '#terminal/agent/devices/stored/device-store.ts';
import { createDeviceTests, type DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import { openBoxStates } from '#terminal/agent/checkout/box/followed-box-sale.ts';
import type { ActivationDesk } from '#terminal/agent/identity/activation-desk.ts';
import type { DeviceKey } from '#terminal/agent/identity/device-key.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { ordersIn } from '#terminal/agent/journal/order-rows.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { createPaperContent } from '#terminal/agent/printing/paper-content.ts';
import { printerInUse } from '#terminal/agent/printing/printer-in-use.ts';
import { createReceiptDesk, type ReceiptDesk } from '#terminal/agent/printing/receipt-desk.ts';
import {
  createReceiptTemplates,
  type ReceiptTemplates,
} from '#terminal/agent/printing/receipt-templates.ts';
import { createSpool, type Spool } from '#terminal/agent/printing/spool.ts';
import { findJob, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { createCouponGiver, type CouponGiver } from '#terminal/agent/promotion/coupon-giver.ts';
import { createRefundDesk, type RefundDesk } from '#terminal/agent/refunds/refund-desk.ts';
import { createStatus, type StatusBoard } from '#terminal/agent/status.ts';

/** The agent's half that looks at the shop: devices, the sale on screen, the paper, the status bar. */
export interface ShopSide {
  readonly devices: DeviceSet;
  readonly tests: DeviceTests;
  readonly spool: Spool;
  readonly checkout: Checkout;
  readonly coupons: CouponGiver;
  readonly refunds: RefundDesk;
  readonly templates: ReceiptTemplates;
  readonly receipts: ReceiptDesk;
  readonly status: StatusBoard;
}

export interface ShopSideDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly journal: Journal;
  readonly key: DeviceKey;
  readonly config: Config;
  readonly owner: OwnerDesk;
  readonly activation: Pick<ActivationDesk, 'takesScan'>;
  readonly transports: ReadonlyMap<string, Transport>;
  /** Where devices are looked for. */
  readonly around: Surroundings;
  readonly cloudSide: Pick<CloudSide, 'cloud' | 'businessClock' | 'link' | 'session' | 'troubles'>;
}

export function createShopSide(deps: ShopSideDeps): ShopSide {
  const { clock, random, timers, journal } = deps;
  const { cloud, businessClock, link, session, troubles } = deps.cloudSide;
  const { cashier } = deps.config;
  const shared = { clock, businessClock, random, timers, journal, config: session.config };
  const onChange = (): void => {
    status.changed();
    spool.wake();
    checkout.boxChanged();
  };
  const job = (jobId: string): PrintJobRow | undefined => findJob(journal.read, jobId);
  const tests = createDeviceTests({ clock, timers, job, onChange });
  const devices = createDeviceSet({
    ...shared,
    devices: deps.config.devices,
    store: createDeviceStore(journal),
    profileStore: createCapabilityStore(journal),
    logoStore: createLogoStore(journal),
    tests,
    around: deps.around,
    transports: deps.transports,
    onScan: (scan) => {
      if (!deps.activation.takesScan(scan)) void checkout.scan(scan);
    },
    onScanProblem: (code) => checkout.scanUnreadable(code),
    onChange,
    onLateProcessId: (processId) => spool.confirmLate(processId),
    onLateBoxOutcome: (late) => checkout.heardLateFromBox(late),
    isBoxSaleOpen: () => ordersIn(journal.read, openBoxStates).length > 0,
  });
  const templates = createReceiptTemplates({ journal, troubles });
  const receipts = createReceiptDesk({
    ...shared,
    cashier,
    templates,
    printer: () => printerInUse(devices),
  });
  const spool = createSpool({
    ...shared,
    printer: devices.printer,
    contentOf: createPaperContent({ ...shared, receipts, hashKey: () => deps.key.hashKey() }),
  });
  const checkout = createCheckout({
    ...shared,
    cloud,
    link,
    vault: createCodeVault({ clock, hashKey: deps.key.hashKey() }),
    cashier,
    boxPos: devices.boxPos,
    sinceListMs: session.sinceConfirmedMs,
    jobsFor: jobsOfSales(devices, { clock, random }),
  });
  const coupons = createCouponGiver({
    ...shared,
    cloud,
    link,
    hashKey: () => deps.key.hashKey(),
  });
  const refunds = createRefundDesk({ ...shared, cloud, link, devices, cashier });
  checkout.onChange(createCustomerScreen(devices.display));
  const status = createStatus({
    ...shared,
    ...deps.cloudSide,
    owner: deps.owner,
    devices,
    cashier,
  });
  return { devices, tests, spool, checkout, coupons, refunds, templates, receipts, status };
}

/** A sale prints its receipt; cash opens the drawer, before it or when it comes later. Nothing without a printer. */
const jobsOfSales =
  (
    devices: DeviceSet,
    ports: { readonly clock: Clock; readonly random: Random },
  ): CounterDeps['jobsFor'] =>
  (orderId, result) => {
    if (!devices.printer()) return [];
    const job = (kind: 'receipt' | 'drawer'): EntryFact => ({
      type: 'print.queued',
      body: { jobId: newId('prt', ports), kind, orderId, copy: 1 },
    });
    const drawer = devices.has('drawer') ? [job('drawer')] : [];
    // The paper of a promise that was kept is a copy of its first one: asked for when somebody wants it.
    if (result === 'kept-cash') return drawer;
    return result === 'cash' ? [...drawer, job('receipt')] : [job('receipt')];
  };
