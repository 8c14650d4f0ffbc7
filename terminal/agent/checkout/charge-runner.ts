import type { Timers } from '#drivers/core/timers.ts';
import { isErrorCode, type ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { ChargeSchema, type Charge, type ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import {
  decideOnAnswer,
  type ChargeDecision,
  type ChargeQuestion,
} from '#terminal/agent/checkout/charge-decisions.ts';
import type { CodeVault } from '#terminal/agent/checkout/code-vault.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, ordersIn, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient, CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

/** Where an attempt stands at the channel, for the screen; not worth an entry. */
export interface ChargeProgress {
  readonly waitingPayer: boolean;
  readonly deadlineMs: number | undefined;
  readonly code: ErrorCode | undefined;
}

/** Sends charges and asks about them until every one is definite. Never starts a charge by itself. */
export interface ChargeRunner {
  /** The attempt is journaled and its code is in the vault: send it. */
  readonly submit: (orderId: OrderId) => void;
  /** Ask now instead of after the pause. */
  readonly askNow: (orderId: OrderId) => void;
  /** Takes up every attempt without a definite result: at start, and when there is room again. */
  readonly resume: () => void;
  readonly progressOf: (orderId: OrderId) => ChargeProgress | undefined;
  readonly stop: () => Promise<void>;
}

export interface ChargeRunnerDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly vault: CodeVault;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  /** More facts for the same transaction, such as the receipt of a paid order. */
  readonly alongside: (orderId: OrderId, facts: readonly EntryFact[]) => readonly EntryFact[];
  /** Nothing of the attempt was taken and the code is alive: hold it. */
  readonly onHold: (orderId: OrderId, failedFacts: readonly EntryFact[]) => void;
  readonly onProgress: (orderId: OrderId) => void;
}

/** The cloud answers a charge within 12 s; the rest is for the way. */
export const chargeTimeoutMs = 14_000;
const askTimeoutMs = 10_000;
const askPauseMsMin = 3_000;
const askPauseMsSpread = 2_000;
/** Attempts that are asked about at the same time; more wait their turn. */
const followedMax = 20;

export function createChargeRunner(deps: ChargeRunnerDeps): ChargeRunner {
  const { journal, cloud, vault, clock } = deps;
  const progress = new Map<OrderId, ChargeProgress>();
  const followed = new Map<OrderId, { cancel: () => void; cancelHeard: boolean }>();
  const sentAt = new Map<OrderId, number>();
  /** A former run may have sent a request in its last moment. */
  const startedAt = clock.monotonicMs();
  const running = new Map<OrderId, Promise<void>>();
  /** To be asked about as soon as the request in flight has ended. */
  const urgent = new Set<OrderId>();
  let stopped = false;

  const settle = (orderId: OrderId, question: ChargeQuestion, answer: Answer): void => {
    if (stopped) return;
    const stored = findOrder(journal.read, orderId);
    if (!stored || !isOpen(stored)) return finish(orderId);
    progress.set(orderId, progressOf(answer, progress.get(orderId)));
    const decision = decideOnAnswer(stored.order, question, answer);
    if (decision.next === 'hold') {
      vault.markUnsent(orderId);
      deps.onHold(orderId, decision.facts);
      return forget(orderId);
    }
    carryOut(orderId, decision);
    deps.onProgress(orderId);
  };

  const carryOut = (orderId: OrderId, { facts, next }: ChargeDecision): void => {
    if (facts.length > 0) {
      const kept = journal.append([...facts, ...deps.alongside(orderId, facts)]);
      // The disk refused: the outcome is asked for again until it can be kept.
      if (!kept.ok) return askLater(orderId);
    }
    if (next === 'done') return finish(orderId);
    if (next === 'send-again') return start(orderId, () => post(orderId));
    askLater(orderId);
  };

  const forget = (orderId: OrderId): void => {
    followed.get(orderId)?.cancel();
    followed.delete(orderId);
    progress.delete(orderId);
    sentAt.delete(orderId);
    urgent.delete(orderId);
    resume();
  };

  const finish = (orderId: OrderId): void => {
    vault.drop(orderId);
    forget(orderId);
  };

  const askLater = (orderId: OrderId): void => {
    const follow = followed.get(orderId) ?? { cancel: () => undefined, cancelHeard: false };
    follow.cancel();
    const pauseMs = urgent.delete(orderId)
      ? 0
      : askPauseMsMin + deps.random.unit() * askPauseMsSpread;
    const cancel = deps.timers.after(pauseMs, () => start(orderId, () => ask(orderId)));
    followed.set(orderId, { ...follow, cancel });
  };

  /** One request per order at a time. */
  const start = (orderId: OrderId, work: () => Promise<void>): void => {
    if (stopped || running.has(orderId)) return;
    const promise = work().finally(() => {
      if (running.get(orderId) === promise) running.delete(orderId);
    });
    running.set(orderId, promise);
  };

  const post = async (orderId: OrderId): Promise<void> => {
    const stored = findOrder(journal.read, orderId);
    const authCode = vault.codeOf(orderId);
    assert(stored !== undefined, () => `no order ${orderId} to charge`);
    if (authCode === undefined) return askLater(orderId);
    const answer = await cloud.call({
      method: 'POST',
      path: '/v1/charges',
      body: chargeRequest(stored, authCode),
      answer: ChargeSchema,
      timeoutMs: chargeTimeoutMs,
    });
    sentAt.set(orderId, clock.monotonicMs());
    // The queue entry of this request ends with it, so that the next step may send another.
    running.delete(orderId);
    settle(orderId, question(orderId, 'submit'), answer);
  };

  const ask = async (orderId: OrderId): Promise<void> => {
    const stored = findOrder(journal.read, orderId);
    if (!stored || !isOpen(stored)) return finish(orderId);
    const follow = followed.get(orderId);
    const kind =
      stored.order.state === 'cancel-wanted' && !follow?.cancelHeard ? 'cancel' : 'query';
    const path = `/v1/charges/${orderId}/${stored.order.attempt}`;
    const answer = await cloud.call({
      method: kind === 'cancel' ? 'POST' : 'GET',
      path: kind === 'cancel' ? `${path}/cancel` : path,
      answer: ChargeSchema,
      timeoutMs: askTimeoutMs,
    });
    if (kind === 'cancel' && answer.ok) {
      followed.set(orderId, { cancel: follow?.cancel ?? (() => undefined), cancelHeard: true });
    }
    running.delete(orderId);
    settle(orderId, question(orderId, kind), answer);
  };

  const question = (orderId: OrderId, kind: ChargeQuestion['kind']): ChargeQuestion => ({
    kind,
    codeAlive: vault.codeOf(orderId) !== undefined,
    sinceSentMs: clock.monotonicMs() - (sentAt.get(orderId) ?? startedAt),
  });

  const resume = (): void => {
    if (stopped) return;
    for (const { order } of ordersIn(journal.read, ['submitting', 'unknown', 'cancel-wanted'])) {
      if (followed.size >= followedMax) return;
      if (followed.has(order.orderId) || running.has(order.orderId)) continue;
      askLater(order.orderId);
    }
  };

  return {
    submit: (orderId) => start(orderId, () => post(orderId)),
    askNow: (orderId) => {
      if (running.has(orderId)) {
        urgent.add(orderId);
        return;
      }
      followed.get(orderId)?.cancel();
      start(orderId, () => ask(orderId));
    },
    resume,
    progressOf: (orderId) => progress.get(orderId),
    stop: async () => {
      stopped = true;
      for (const follow of followed.values()) follow.cancel();
      await Promise.all(running.values());
    },
  };
}

type Answer = Result<Charge, CloudFailure>;

const isOpen = ({ order }: StoredOrder): boolean =>
  order.state === 'submitting' || order.state === 'unknown' || order.state === 'cancel-wanted';

function progressOf(answer: Answer, before: ChargeProgress | undefined): ChargeProgress {
  if (!answer.ok)
    return {
      waitingPayer: before?.waitingPayer ?? false,
      deadlineMs: before?.deadlineMs,
      code: answer.error.code,
    };
  const { status, deadlineMs, code } = answer.value;
  return {
    waitingPayer: status === 'waiting-payer',
    deadlineMs,
    code: code === undefined ? undefined : isErrorCode(code) ? code : 'code-not-catalogued',
  };
}

function chargeRequest(stored: StoredOrder, authCode: string): ChargeRequest {
  const { order, reservationId } = stored;
  assert(order.tender?.type === 'wallet', () => `order ${order.orderId} has no wallet tender`);
  return {
    orderId: order.orderId,
    attempt: order.attempt,
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    concessionBp: order.concessionBp,
    businessDate: order.businessDate,
    cashier: order.cashier,
    wallet: order.tender.wallet,
    authCode,
    openedAtMs: order.openedAtMs,
    ...(reservationId === undefined ? {} : { reservationId }),
    ...(order.memberId === undefined ? {} : { memberId: order.memberId }),
  };
}
