import { sql } from 'drizzle-orm';
import { sealAndTell, sealDepsOf, showHolds } from '#cloud/proof/book-seals.ts';
import { ledgerLaws, proveLaws, type Law, type Proof } from '#cloud/ledger/proofs.ts';
import { raiseHold } from '#cloud/ledger/release-hold.ts';
import type { Sealed } from '#cloud/ledger/seal-books.ts';
import { proveSealHead, sealLaws } from '#cloud/ledger/seal-laws.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { pointsLaws } from '#cloud/points/points-laws.ts';
import { billLaws } from '#cloud/reconciliation/bill-laws.ts';
import { refundLaws } from '#cloud/refunds/refund-laws.ts';
import { instructionLaws } from '#cloud/settlement/instructions/instruction-laws.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';

type Deps = Pick<
  CloudDeps,
  'db' | 'clock' | 'operatorId' | 'logger' | 'keys' | 'config' | 'metrics'
>;

/** Every law of the house. A domain that can be wrong adds its own here. */
export const booksLaws: readonly Law[] = [
  ...ledgerLaws,
  ...sealLaws,
  ...settlementLaws,
  ...paymentLaws,
  ...voucherLaws,
  ...refundLaws,
  ...billLaws,
  ...instructionLaws,
  ...pointsLaws,
];

/** Every law, or without those that only a night has the time for. */
type Extent = 'whole' | 'brief';

/** Checks every law in one snapshot, so that sales which are booked meanwhile do not look like a mismatch. */
export const proveBooks = (
  { db, operatorId }: Pick<Deps, 'db' | 'operatorId'>,
  extent: Extent = 'whole',
): Promise<readonly Proof[]> => {
  const laws = booksLaws.filter((law) => extent === 'whole' || law.nightly !== true);
  return db.transaction((tx) => proveLaws(tx, { operatorId, laws }), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  });
};

/** The same, and that the end of the chain over the books is the one that this cloud signed and remembers. */
export async function proveHouse(deps: Deps, extent: Extent = 'whole'): Promise<readonly Proof[]> {
  const head = await proveSealHead(deps.db, sealDepsOf(deps));
  return [...(await proveBooks(deps, extent)), head];
}

/**
 * Seals the books to their end, checks every law, writes down that it was done, and holds all
 * releases for each law that is broken, be it by one fen. The proofs come back; the hold stays
 * until a person lifts it.
 */
export async function runProofs(deps: Deps, extent: Extent = 'whole'): Promise<readonly Proof[]> {
  const { db, clock, operatorId, logger } = deps;
  const sealed = sealingProof(await sealAndTell(deps));
  const proofs = [...(await proveHouse(deps, extent)), sealed];
  const broken = proofs.filter((proof) => !proof.holds);
  const nowMs = clock.nowMs();
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into proof_run (operator_id, ran_at_ms, day, laws, broken, is_whole)
      values (${operatorId}, ${nowMs}, ${accountingDate(nowMs)}::date, ${proofs.length},
              ${sql.param(broken.map(({ name }) => name))}::text[], ${extent === 'whole'})
      on conflict do nothing`);
    for (const { name, says, violations } of broken)
      await raiseHold(tx, {
        operatorId,
        reason: `proof:${name}`,
        detail: { says, violations },
        nowMs,
      });
  });
  await showHolds(deps);
  for (const { name, violations } of broken)
    logger.error({ law: name, violations: violations.length }, 'a law of the books is broken');
  return proofs;
}

/**
 * What a close and a release prove first. The laws that read every lot and every voucher take
 * longer than the close of 21 million accounts itself: the proof of the last night stands for them
 * (what it found holds all releases), and when there was none today or yesterday, they are asked
 * here.
 */
export async function proveBeforeRelease(deps: Deps): Promise<readonly Proof[]> {
  const yesterday = addDays(accountingDate(deps.clock.nowMs()), -1);
  return runProofs(deps, (await wasProvedSince(deps, yesterday)) ? 'brief' : 'whole');
}

async function wasProvedSince({ db, operatorId }: Deps, day: string): Promise<boolean> {
  const { rows } = await db.execute(sql`
    select 1 from proof_run
     where operator_id = ${operatorId} and day >= ${day}::date and is_whole limit 1`);
  return rows.length > 0;
}

/** Whoever keeps the sealer waiting would have a tail without a seal for as long as he likes. */
const sealingProof = (sealed: Sealed['type']): Proof => ({
  name: 'books-are-sealed',
  says: 'Every journal is under a seal, to the end of the books.',
  holds: sealed === 'sealed',
  violations: sealed === 'sealed' ? [] : [{ why: whyUnsealed[sealed] }],
});

const whyUnsealed: Readonly<Record<Exclude<Sealed['type'], 'sealed'>, string>> = {
  behind: 'a transaction that posts did not end',
  torn: 'the run that is remembered is not in the chain, and nothing is sealed over it',
};

const idleMs = 600_000;
/** Shanghai, when most tills have synced the day's last sale. */
const nightlyAtMs = 3 * 3_600_000;

/** Runs the proofs once in the night of every accounting day. Returns 1 when it did. */
export async function proveNightly(deps: Deps): Promise<number> {
  const nowMs = deps.clock.nowMs();
  const day = accountingDate(nowMs);
  if (nowMs < dayStartMs(day) + nightlyAtMs) return 0;
  if (await wasProvedSince(deps, day)) return 0;
  await runProofs(deps);
  return 1;
}

export const startProofWorker = (deps: Deps): WorkerLoop =>
  startWorkerLoop({
    name: 'nightly-proofs',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => proveNightly(deps),
  });
