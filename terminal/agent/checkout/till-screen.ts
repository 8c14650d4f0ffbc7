import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { ChargeProgress } from '#terminal/agent/checkout/charge/followed-charges.ts';
import type { BoxProgress } from '#terminal/agent/checkout/box/followed-box-sale.ts';
import {
  stepTill,
  tillAtRest,
  viewOf,
  type Till,
  type TillInput,
} from '#terminal/agent/checkout/checkout-machine.ts';
import type { CodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt, receiptState } from '#terminal/agent/printing/spool-view.ts';
import type { ScreenExtras } from '#terminal/agent/checkout/screen-of-order.ts';
import type { TillState } from '#terminal/ipc/state.ts';

/** What the cashier sees now: the machine's state, shown to every listener after each step. */
export interface TillScreen {
  readonly till: () => Till;
  readonly state: () => TillState;
  readonly onChange: (listener: (state: TillState) => void) => void;
  /** One input to the machine. Errors: what the machine refuses. */
  readonly step: (input: TillInput) => Result<void, ErrorCode>;
  /** Says once that something could not be used. */
  readonly notice: (code: ErrorCode) => void;
  /** Puts an order on screen, as it stands in the journal. */
  readonly show: (orderId: OrderId) => void;
  /** Shows the order on screen again, after something about it has changed. */
  readonly showAgain: () => void;
  /** Shows the same again: a figure around it has changed. */
  readonly refresh: () => void;
}

export interface TillScreenDeps {
  readonly journal: Pick<Journal, 'read'>;
  readonly businessClock: Clock;
  readonly vault: Pick<CodeVault, 'aliveUntilMs'>;
  readonly config: () => ConfigPayload | undefined;
  readonly progressOf: (orderId: OrderId) => ChargeProgress | undefined;
  readonly boxProgressOf: (orderId: OrderId) => BoxProgress | undefined;
  readonly remainingOfflineFen: () => number;
  readonly memberRoom: (memberId: string) => ScreenExtras['memberRoom'];
  readonly promiseRoom: () => ScreenExtras['promiseRoom'];
}

export function createTillScreen(deps: TillScreenDeps): TillScreen {
  const listeners: ((state: TillState) => void)[] = [];
  let till: Till = tillAtRest;
  let version = 0;

  const state = (): TillState =>
    viewOf(till, { version, concessionBp: deps.config()?.concessionBp ?? 0 });

  const refresh = (): void => {
    version += 1;
    const now = state();
    for (const listener of listeners) listener(now);
  };

  const step = (input: TillInput): Result<void, ErrorCode> => {
    const next = stepTill(till, input);
    if (!next.ok) return err(next.error);
    till = next.value;
    refresh();
    return ok(undefined);
  };

  const show = (orderId: OrderId): void => {
    const stored = findOrder(deps.journal.read, orderId);
    if (stored)
      void step({ type: 'order-changed', stored, extras: extrasOf(deps, stored, till.draft) });
  };

  return {
    till: () => till,
    state,
    step,
    show,
    refresh,
    onChange: (listener) => {
      listeners.push(listener);
    },
    notice: (code) => void step({ type: 'noticed', code, atMs: deps.businessClock.nowMs() }),
    showAgain: () => {
      if (till.orderId !== undefined && till.screen.type !== 'ready') show(till.orderId);
    },
  };
}

function extrasOf(
  deps: TillScreenDeps,
  { order }: StoredOrder,
  { member }: Till['draft'],
): ScreenExtras {
  const { orderId, memberId } = order;
  return {
    receipt: receiptState(lastReceipt(deps.journal.read, orderId)),
    progress: deps.progressOf(orderId),
    boxProgress: deps.boxProgressOf(orderId),
    heldUntilMs: deps.vault.aliveUntilMs(orderId),
    // Offline a member code names nobody whom the cashier could know.
    memberMask: member?.memberId === memberId ? (member?.phoneMask ?? '') : '',
    remainingOfflineFen: deps.remainingOfflineFen(),
    memberRoom: deps.memberRoom(memberId ?? ''),
    promiseRoom: deps.promiseRoom(),
  };
}
