import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { codeLifeMs, type CodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import {
  heldFact,
  submittedFact,
  type Sale,
  type ScannedWallet,
} from '#terminal/agent/checkout/sale-facts.ts';
import { createHeldExpiry } from '#terminal/agent/checkout/charge/held-expiry.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';

/**
 * A wallet code scanned while the line is down: the journal says that an order waits, the code waits in memory, and
 * either the line comes back while it is alive or the order expires. It is never charged later.
 */
export interface HeldCharge {
  readonly hold: (sale: Sale, scanned: ScannedWallet) => Result<void, ErrorCode>;
  /** Not a byte of an attempt was taken: `failedFacts` say so, and its code waits again. */
  readonly holdAgain: (orderId: OrderId, failedFacts: readonly EntryFact[]) => void;
  /** Sends what waits, if the line is up and its code alive. */
  readonly charge: () => void;
  /** Nothing waits any more. */
  readonly forget: () => void;
  /** Writes down that a held code is gone; tried again until the disk takes it. */
  readonly expire: (orderId: OrderId) => void;
  readonly stop: () => void;
}

/** How long a held charge waits when the line came back in between. */
const retryMs = 2_000;

export function createHeldCharge(deps: {
  readonly journal: Journal;
  readonly link: Link;
  readonly vault: CodeVault;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly append: (facts: readonly EntryFact[]) => Result<void, ErrorCode>;
  readonly onScreen: () => OrderId | undefined;
  readonly send: (orderId: OrderId, facts: readonly EntryFact[]) => void;
}): HeldCharge {
  const { journal, vault, timers, append } = deps;
  let cancelExpiry: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  const expiry = createHeldExpiry(deps);

  const forget = (): void => {
    cancelExpiry?.();
    cancelRetry?.();
  };

  const watch = (orderId: OrderId): void => {
    forget();
    cancelExpiry = timers.after(codeLifeMs, () => {
      if (vault.codeOf(orderId) === undefined) expiry.expire(orderId);
      else if (expiry.isHeld(orderId)) watch(orderId);
    });
  };

  const charge = (): void => {
    const orderId = deps.onScreen();
    const order = orderId && findOrder(journal.read, orderId)?.order;
    if (!order || order.state !== 'held' || !deps.link.online()) return;
    const code = vault.codeOf(order.orderId);
    if (code === undefined || order.tender?.type !== 'wallet') return;
    const { wallet, codeMask } = order.tender;
    const { amountFen } = order;
    const attempt = { orderId: order.orderId, attempt: order.attempt + 1, amountFen };
    const scanned = { wallet, codeMask, codeHash: vault.hashOf(code) };
    deps.send(order.orderId, [submittedFact(attempt, scanned)]);
  };

  return {
    forget,
    charge,
    expire: expiry.expire,
    stop: () => {
      forget();
      expiry.stop();
    },
    hold: (sale, scanned) => {
      const untilMs = deps.clock.nowMs() + codeLifeMs;
      const held = append([...sale.opening, heldFact(sale.orderId, scanned, untilMs)]);
      if (held.ok) watch(sale.orderId);
      return held;
    },
    holdAgain: (orderId, failedFacts) => {
      const tender = findOrder(journal.read, orderId)?.order.tender;
      const untilMs = vault.aliveUntilMs(orderId);
      if (tender?.type !== 'wallet' || untilMs === undefined) {
        append(failedFacts);
        return;
      }
      const scanned = { wallet: tender.wallet, codeMask: tender.codeMask, codeHash: '' };
      if (!append([...failedFacts, heldFact(orderId, scanned, untilMs)]).ok) return;
      watch(orderId);
      // The line came back in between: nobody else will call.
      cancelRetry = timers.after(retryMs, charge);
    },
  };
}
