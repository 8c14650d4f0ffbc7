import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { maskCode, recogniseCode } from '#shared/tender/recognise-code.ts';
import type { ScannedCode } from '#shared/tender/payment-code.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { createChargeRunner } from '#terminal/agent/checkout/charge-runner.ts';
import {
  isWaiting,
  stepTill,
  tillAtRest,
  viewOf,
  type Till,
  type TillInput,
} from '#terminal/agent/checkout/checkout-machine.ts';
import type { CodeVault } from '#terminal/agent/checkout/code-vault.ts';
import { createHeldCharge } from '#terminal/agent/checkout/held-charge.ts';
import { prepareSale } from '#terminal/agent/checkout/prepare-sale.ts';
import { createMemberDesk } from '#terminal/agent/checkout/member-desk.ts';
import { createVoucherHolds } from '#terminal/agent/checkout/voucher-holds.ts';
import { judgeOffline, offlineRoom } from '#terminal/agent/checkout/offline-room.ts';
import {
  cashRecordedFact,
  submittedFact,
  type Sale,
  type ScannedWallet,
} from '#terminal/agent/checkout/sale-facts.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, ordersIn } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt, receiptState } from '#terminal/agent/printing/spool-view.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';
import type { TillState } from '#terminal/ipc/state.ts';

type Outcome = Result<void, ErrorCode>;

/** The shell around the till: reads clocks, asks the cloud, writes the journal, and shows what follows from it. */
export interface Checkout {
  readonly state: () => TillState;
  readonly onChange: (listener: (state: TillState) => void) => void;
  readonly setAmount: (amountFen: number) => Outcome;
  /** A code from a scanner or a window. What cannot be used becomes a notice, never an error. */
  readonly scan: (text: string) => Promise<void>;
  /** A scanner sent something that is no text. */
  readonly scanUnreadable: (code: ErrorCode) => void;
  readonly payCash: (tenderedFen: number) => Promise<Outcome>;
  readonly cancel: () => Outcome;
  readonly queryNow: () => Outcome;
  readonly dismiss: () => Outcome;
  readonly attachMember: (phone: string) => Promise<Outcome>;
  readonly detachMember: () => Outcome;
  readonly useVoucher: (use: boolean) => Outcome;
  /** Takes up what a former run left: open attempts are asked about, held codes are gone. */
  readonly start: () => void;
  /** The configuration changed: estimates may read differently. */
  readonly refresh: () => void;
  /** More facts for the transaction that writes `facts` about an order, whoever learned them: a paid sale's receipt. */
  readonly alongside: (orderId: OrderId, facts: readonly EntryFact[]) => readonly EntryFact[];
  /** A receipt went a step further. */
  readonly receiptChanged: () => void;
  readonly stop: () => Promise<void>;
}

export interface CheckoutDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Link;
  readonly vault: CodeVault;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly cashier: string;
  readonly config: () => ConfigPayload | undefined;
  /** Print and drawer jobs that belong to a sale with this result; none without a printer. */
  readonly jobsFor: (orderId: OrderId, result: 'paid' | 'cash' | 'offline') => readonly EntryFact[];
}

export function createCheckout(deps: CheckoutDeps): Checkout {
  const { journal, link, vault, clock } = deps;
  const desk = createMemberDesk(deps.cloud);
  const holds = createVoucherHolds({ ...deps, desk });
  const listeners: ((state: TillState) => void)[] = [];
  let till: Till = tillAtRest;
  let version = 0;
  /** A sale is being prepared with the cloud (vouchers, member): other scans are kept out meanwhile. */
  let busy = false;

  const room = {
    read: journal.read,
    config: deps.config,
    nowMs: () => deps.cloud.cloudNowMs(),
    sinceContactMs: link.sinceContactMs,
  };
  const view = (): TillState =>
    viewOf(till, { version, concessionBp: deps.config()?.concessionBp ?? 0 });

  const publish = (): void => {
    version += 1;
    const state = view();
    for (const listener of listeners) listener(state);
  };
  const step = (input: TillInput): Outcome => {
    const next = stepTill(till, input);
    if (!next.ok) return err(next.error);
    till = next.value;
    publish();
    return ok(undefined);
  };
  const notice = (code: ErrorCode): void =>
    void step({ type: 'noticed', code, atMs: clock.nowMs() });

  const show = (orderId: OrderId): void => {
    const stored = findOrder(journal.read, orderId);
    if (!stored) return;
    const { memberId } = stored.order;
    const member = till.draft.member;
    void step({
      type: 'order-changed',
      stored,
      extras: {
        receipt: receiptState(lastReceipt(journal.read, orderId)),
        progress: runner.progressOf(orderId),
        heldUntilMs: vault.aliveUntilMs(orderId),
        // Offline a member code names nobody whom the cashier could know.
        memberMask: member?.memberId === memberId ? (member?.phoneMask ?? '') : '',
        remainingOfflineFen: offlineRoom(room).remainingFen,
      },
    });
  };
  const showIfOnScreen = (orderId: string | undefined): void => {
    if (till.orderId !== undefined && till.orderId === orderId && till.screen.type !== 'ready')
      show(till.orderId);
  };

  const append = (facts: readonly EntryFact[]): Outcome => {
    const kept = journal.append(facts);
    return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
  };

  /** A payment of the sale at the counter comes with its receipt; of a sale that was let go nobody waits for one. */
  const alongside: Checkout['alongside'] = (orderId, facts) =>
    till.orderId === orderId && facts.some((fact) => fact.type === 'charge.paid')
      ? deps.jobsFor(orderId, 'paid')
      : [];

  const runner = createChargeRunner({
    ...deps,
    alongside,
    onHold: (orderId, failedFacts) => held.holdAgain(orderId, failedFacts),
    onProgress: (orderId) => showIfOnScreen(orderId),
  });

  const held = createHeldCharge({
    ...deps,
    append,
    onScreen: () => till.orderId,
    send: (orderId, facts) => void send(orderId, facts),
  });

  /** Durable first, then the wire. */
  const send = (orderId: OrderId, facts: readonly EntryFact[]): Outcome => {
    const code = vault.codeOf(orderId);
    const kept = append(facts);
    if (!kept.ok) return kept;
    held.forget();
    if (code !== undefined) vault.markSent(orderId, vault.hashOf(code));
    runner.submit(orderId);
    return kept;
  };

  const prepare = (withVoucher: boolean): Promise<Result<Sale, ErrorCode>> =>
    prepareSale({ ...deps, holds }, till, withVoucher);

  /** One preparation at a time; a scan or a key meanwhile is refused, not queued. */
  const exclusively = async (work: () => Promise<Outcome>): Promise<Outcome> => {
    if (busy) return err('scan-during-charge');
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  };

  const payByWallet = async (scan: Extract<ScannedCode, { type: 'wallet' }>): Promise<Outcome> => {
    const codeHash = vault.hashOf(scan.code);
    const scanned: ScannedWallet = {
      wallet: scan.wallet,
      codeMask: maskCode(scan.code),
      codeHash,
    };
    const sentFor = vault.sentFor(codeHash);
    // The same code once more while it is being charged is the same intent, not a second sale.
    if (isWaiting(till) && sentFor !== undefined && sentFor === till.orderId) return ok(undefined);
    if (till.screen.type === 'held' && till.orderId && vault.codeOf(till.orderId) === scan.code)
      return ok(undefined);
    if (isWaiting(till)) return step({ type: 'second-scan', atMs: clock.nowMs() });
    if (sentFor !== undefined) return err('code-used-before');
    const prepared = await prepare(true);
    if (!prepared.ok) return prepared;
    const sale = prepared.value;
    const { orderId } = sale;
    if (sale.dueFen === 0) return settleCash(sale, 0);
    vault.keep(orderId, scan.code);
    const started = link.online()
      ? send(orderId, [...sale.opening, submittedFact(attemptOf(sale), scanned)])
      : held.hold(sale, scanned);
    if (started.ok) show(orderId);
    else vault.drop(orderId);
    return started;
  };

  const attemptOf = (sale: Sale) => ({
    orderId: sale.orderId,
    attempt: sale.lastAttempt + 1,
    amountFen: sale.amountFen,
  });

  const settleCash = (sale: Sale, tenderedFen: number): Outcome => {
    const jobs = deps.jobsFor(sale.orderId, 'cash');
    const kept = append([...sale.opening, cashRecordedFact(sale, tenderedFen), ...jobs]);
    if (!kept.ok) return kept;
    held.forget();
    vault.drop(sale.orderId);
    show(sale.orderId);
    return kept;
  };

  const scanMember = async (code: string): Promise<Outcome> => {
    if (isWaiting(till)) return step({ type: 'second-scan', atMs: clock.nowMs() });
    if (link.online() && till.screen.type !== 'held') {
      const member = await desk.byCode(code);
      if (member.ok) return step({ type: 'member-set', member: member.value });
      if (member.error.sent === 'yes') return err(member.error.code);
    }
    return acceptOffline(code);
  };

  const acceptOffline = async (code: string): Promise<Outcome> => {
    const prepared = await prepare(false);
    if (!prepared.ok) return prepared;
    const sale = prepared.value;
    const judged = judgeOffline(room, { code, amountFen: fen(sale.dueFen) });
    if (!judged.ok) return err(judged.error.type);
    const { memberId, certificateId } = judged.value;
    const { orderId } = sale;
    const capsVersion = deps.config()?.caps.version ?? 1;
    const kept = append([
      ...sale.opening,
      { type: 'offline.accepted', body: { orderId, memberId, certificateId, code, capsVersion } },
      ...deps.jobsFor(orderId, 'offline'),
    ]);
    if (!kept.ok) return kept;
    held.forget();
    vault.drop(orderId);
    show(orderId);
    return kept;
  };

  const scan = async (text: string): Promise<void> => {
    const scanned = recogniseCode(text);
    if (scanned.type === 'unknown') {
      if (scanned.reason === 'empty') return;
      return notice(scanned.reason === 'too-long' ? 'code-too-long' : 'code-not-recognised');
    }
    const outcome = await exclusively(() =>
      scanned.type === 'wallet' ? payByWallet(scanned) : scanMember(scanned.code),
    );
    if (!outcome.ok) notice(outcome.error);
  };

  const cancelHeld = (orderId: OrderId): Outcome => {
    const voided = append([
      { type: 'order.voided', body: { orderId, code: 'cancelled-by-cashier' } },
    ]);
    if (!voided.ok) return voided;
    held.forget();
    vault.drop(orderId);
    void holds.giveBack();
    return voided;
  };

  journal.onAppended((entries) => {
    for (const entry of entries) {
      if (till.orderId !== undefined && entry.body.includes(till.orderId))
        showIfOnScreen(till.orderId);
    }
  });
  link.onChange((online) => {
    if (online) held.charge();
  });

  return {
    state: view,
    onChange: (listener) => {
      listeners.push(listener);
    },
    setAmount: (amountFen) =>
      busy ? err('result-not-known') : step({ type: 'amount-set', amountFen }),
    scan,
    scanUnreadable: notice,
    payCash: (tenderedFen) =>
      exclusively(async () => {
        if (isWaiting(till)) return err('result-not-known');
        const prepared = await prepare(true);
        if (!prepared.ok) return prepared;
        if (tenderedFen < prepared.value.dueFen) return err('cash-short');
        return settleCash(prepared.value, tenderedFen);
      }),
    cancel: () => {
      const { orderId } = till;
      const order = orderId && findOrder(journal.read, orderId)?.order;
      if (!order || till.screen.type === 'ready') return err('nothing-in-flight');
      if (order.state === 'held') return cancelHeld(order.orderId);
      if (order.state === 'submitting' || order.state === 'unknown') {
        const { attempt } = order;
        const body = { orderId: order.orderId, attempt, cashier: deps.cashier };
        const wanted = append([{ type: 'charge.cancel-wanted', body }]);
        if (wanted.ok) runner.askNow(order.orderId);
        return wanted;
      }
      return order.state === 'cancel-wanted' ? ok(undefined) : err('nothing-in-flight');
    },
    queryNow: () => {
      if (!isWaiting(till) || !till.orderId) return err('nothing-in-flight');
      runner.askNow(till.orderId);
      return ok(undefined);
    },
    dismiss: () => {
      const wasNotPaid = till.screen.type === 'not-paid';
      const dismissed = step({ type: 'dismissed', online: link.online() });
      if (dismissed.ok && wasNotPaid) void holds.giveBack();
      return dismissed;
    },
    attachMember: (phone) =>
      exclusively(async () => {
        if (!link.online()) return err('needs-network');
        const member = await desk.byPhone(phone);
        return member.ok ? step({ type: 'member-set', member: member.value }) : member;
      }),
    detachMember: () => step({ type: 'member-set', member: null }),
    useVoucher: (use) => step({ type: 'voucher-use-set', use }),
    start: () => {
      for (const { order } of ordersIn(journal.read, ['held']))
        void append([{ type: 'charge.expired', body: { orderId: order.orderId } }]);
      const open = ordersIn(journal.read, ['submitting', 'unknown', 'cancel-wanted']).at(-1);
      if (open) show(open.order.orderId);
      runner.resume();
    },
    refresh: publish,
    alongside,
    receiptChanged: () => showIfOnScreen(till.orderId),
    stop: async () => {
      held.forget();
      await runner.stop();
    },
  };
}
