import { freezeToldHandler, freezeToldTopic } from '#cloud/members/freeze-message.ts';
import { startSealWorker } from '#cloud/proof/book-seals.ts';
import { startPayoutWorker } from '#cloud/commissions/commission-payouts.ts';
import { createIntakePressure } from '#cloud/journal/projection/intake-pressure.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { startProjection } from '#cloud/journal/projection/projection-worker.ts';
import { sweepNonces } from '#cloud/identity/nonces.ts';
import { startOfflineSettlementWorker } from '#cloud/payments/offline/settlement.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { startPaymentWorker } from '#cloud/payments/payment-worker.ts';
import type { PaymentRoom } from '#cloud/payment-room.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startOutbox, type OutboxHandler } from '#cloud/platform/outbox.ts';
import { startWorkerLoop } from '#cloud/platform/worker-loop.ts';
import { startPromotionWorker } from '#cloud/promotion/promotion-worker.ts';
import { proveBeforeRelease, startProofWorker } from '#cloud/proof/proof-run.ts';
import { startBillWorker } from '#cloud/reconciliation/bill-worker.ts';
import { startOpenWatch } from '#cloud/reconciliation/watch/open-watch.ts';
import { startRefundWorker } from '#cloud/refunds/refund-worker.ts';
import { startVelocityWorker } from '#cloud/review/velocity-worker.ts';
import { startDailyWorker } from '#cloud/release/schedule/daily-run.ts';
import { startPeriodWorker } from '#cloud/release/schedule/period-worker.ts';
import { startInstructionWorker } from '#cloud/settlement/instructions/instruction-worker.ts';
import { startReceiverWorker } from '#cloud/settlement/instructions/receiver-worker.ts';
import { startSubsidyPayoutWorker } from '#cloud/settlement/instructions/subsidy-payouts.ts';
import { startFinalityWorker } from '#cloud/settlement/finality-worker.ts';
import { startReminderWorker } from '#cloud/vouchers/expiry-reminders.ts';
import { createNextVisitHandler, nextVisitTopic } from '#cloud/vouchers/next-visit.ts';
import { releaseLapsed } from '#cloud/vouchers/reservations.ts';

const sweepEveryMs = 60_000;
const lapseEveryMs = 5_000;

/** Effects that leave a transaction, by topic. */
const outboxHandlersOf = (deps: CloudDeps): Readonly<Record<string, OutboxHandler>> => ({
  [nextVisitTopic]: createNextVisitHandler(deps),
  [freezeToldTopic]: freezeToldHandler,
});

export interface Workers {
  readonly onJournalTaken: (entriesCount: number) => void;
  stop(): Promise<void>;
}

/** Everything that goes on without a request. Any number of nodes may run it side by side. */
export function startWorkers(deps: CloudDeps, payments: PaymentRoom): Workers {
  const { db, clock, logger, operatorId } = deps;
  const pressure = createIntakePressure(clock);
  const effects = createProjectionEffects();
  const projection = startProjection({ ...deps, effects, pressure });
  const loops = [
    projection,
    startPaymentWorker(payments),
    startOfflineSettlementWorker(payments),
    startRefundWorker(payments),
    startBillWorker({ ...deps, ...payments }),
    startOpenWatch(deps),
    startFinalityWorker(deps),
    startPayoutWorker(deps),
    startVelocityWorker(deps),
    startSubsidyPayoutWorker(deps),
    startInstructionWorker({ ...deps, channels: payments.channels }),
    startReceiverWorker({ ...deps, channels: payments.channels }),
    // What nobody spent in time is the fund's again: it must not lie idle as a voucher that nobody can spend.
    startDailyWorker(deps),
    startPeriodWorker({ ...deps, proveFirst: () => proveBeforeRelease(deps) }),
    startPromotionWorker(deps),
    startSealWorker(deps),
    startProofWorker(deps),
    startOutbox(deps, outboxHandlersOf(deps)),
    startReminderWorker(deps),
    startWorkerLoop({
      name: 'nonce-sweep',
      idleMs: sweepEveryMs,
      logger,
      scope: { type: 'across', work: 'nonce-sweep' },
      step: () => sweepNonces(db, clock.nowMs()),
    }),
    startWorkerLoop({
      name: 'voucher-lapse',
      idleMs: lapseEveryMs,
      logger,
      scope: { type: 'operator', operatorId },
      step: async () => {
        const nowMs = clock.nowMs();
        const lapsed = await retriedTransaction(db, (tx) =>
          releaseLapsed(tx, { operatorId, nowMs }),
        );
        return lapsed.released;
      },
    }),
  ];
  return {
    onJournalTaken: (entriesCount) => {
      pressure.note(entriesCount);
      if (!pressure.isHigh()) projection.wake();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
