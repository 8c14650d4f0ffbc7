import type { Timers } from '#drivers/core/timers.ts';
import { isErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import {
  decideOnAnswer,
  type ChargeDecision,
  type ChargeQuestion,
} from '#terminal/agent/checkout/charge/charge-decisions.ts';
import {
  cancelCharge,
  queryCharge,
  submitCharge,
  type ChargeAnswer,
} from '#terminal/agent/checkout/charge/charge-requests.ts';
import type { CodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import {
  createFollowedCharges,
  type ChargeProgress,
  type Followed,
} from '#terminal/agent/checkout/charge/followed-charges.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, ordersIn, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

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

export function createChargeRunner(deps: ChargeRunnerDeps): ChargeRunner {
  const { journal, cloud, vault } = deps;
  const follows = createFollowedCharges(deps);
  let stopped = false;

  const submit = (orderId: OrderId): void => follows.begin(orderId, () => post(orderId));
  const askLater = (orderId: OrderId): void =>
    follows.beginLater(orderId, (now) => ask(orderId, now));

  const post = async (orderId: OrderId): Promise<void> => {
    const stored = findOpen(journal, orderId);
    const code = vault.codeOf(orderId);
    if (!stored || code === undefined) return askLater(orderId);
    const answer = await submitCharge(cloud, stored, code);
    settle(orderId, 'submit', answer);
  };

  const ask = async (orderId: OrderId, followed: Followed): Promise<void> => {
    const order = findOpen(journal, orderId)?.order;
    if (!order) return finish(orderId);
    const isToCancel = order.state === 'cancel-wanted' && !followed.cancelHeard;
    const kind = isToCancel || followed.isToClose ? 'cancel' : 'query';
    const answer = await (kind === 'cancel' ? cancelCharge : queryCharge)(cloud, order);
    if (kind === 'cancel' && answer.ok) followed.cancelHeard = true;
    settle(orderId, kind, answer);
  };

  const settle = (orderId: OrderId, kind: ChargeQuestion['kind'], answer: ChargeAnswer): void => {
    if (stopped) return;
    follows.answered(orderId);
    const followed = follows.find(orderId);
    const stored = findOpen(journal, orderId);
    if (!stored || !followed) return finish(orderId);
    followed.progress = progressOf(answer, followed.progress);
    const codeAlive = vault.codeOf(orderId) !== undefined;
    const decision = decideOnAnswer(stored.order, { kind, codeAlive }, answer);
    followed.isToClose = decision.next === 'close';
    carryOut(deps, steps, orderId, decision);
  };

  const forget = (orderId: OrderId): void => {
    follows.drop(orderId);
    resume();
  };
  const finish = (orderId: OrderId): void => {
    vault.drop(orderId);
    forget(orderId);
  };
  const resume = (): void => {
    if (stopped) return;
    for (const { order } of ordersIn(journal.read, ['submitting', 'unknown', 'cancel-wanted'])) {
      if (follows.isFull()) return;
      if (!follows.find(order.orderId)) askLater(order.orderId);
    }
  };
  const steps: Steps = { askLater, submit, forget, finish };

  return {
    submit,
    askNow: (orderId) => follows.hurry(orderId, (now) => ask(orderId, now)),
    resume,
    progressOf: (orderId) => follows.find(orderId)?.progress,
    stop: () => {
      stopped = true;
      return follows.stop();
    },
  };
}

/** What may follow an answer. */
interface Steps {
  readonly askLater: (orderId: OrderId) => void;
  readonly submit: (orderId: OrderId) => void;
  /** Asked about no more; its code lives on. */
  readonly forget: (orderId: OrderId) => void;
  /** Definite: asked about no more, and the code is gone. */
  readonly finish: (orderId: OrderId) => void;
}

function carryOut(
  { journal, vault, alongside, onHold, onProgress }: ChargeRunnerDeps,
  steps: Steps,
  orderId: OrderId,
  { facts, next }: ChargeDecision,
): void {
  if (next === 'hold') {
    vault.markUnsent(orderId);
    onHold(orderId, facts);
    return steps.forget(orderId);
  }
  const isKept = facts.length === 0 || journal.append([...facts, ...alongside(orderId, facts)]).ok;
  // When the disk refused, the outcome is asked for again until it can be kept.
  if (!isKept || next === 'ask' || next === 'close') steps.askLater(orderId);
  else if (next === 'send-again') steps.submit(orderId);
  else steps.finish(orderId);
  onProgress(orderId);
}

/** The order, while its attempt has no definite result. */
function findOpen(journal: Journal, orderId: OrderId): StoredOrder | undefined {
  const stored = findOrder(journal.read, orderId);
  const isOpen =
    stored?.order.state === 'submitting' ||
    stored?.order.state === 'unknown' ||
    stored?.order.state === 'cancel-wanted';
  return isOpen ? stored : undefined;
}

function progressOf(answer: ChargeAnswer, before: ChargeProgress | undefined): ChargeProgress {
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
