import type { FactRefused } from '#terminal/agent/journal/projections.ts';
import { sqliteCode, type Store } from '#terminal/agent/journal/open-store.ts';

/** What became of one transaction. */
export type CommitOutcome =
  | { readonly type: 'stored' }
  | { readonly type: 'refused'; readonly refused: FactRefused }
  /** Undone, for certain. */
  | {
      readonly type: 'not-stored';
      readonly error: { readonly type: 'store-full' | 'store-failed'; readonly detail: string };
    }
  /** The disk failed on the way: only the disk knows. It must be read back, never tried again. */
  | { readonly type: 'uncertain'; readonly detail: string };

/** Thrown inside a transaction to undo all of it. */
export class RefusedInTransaction extends Error {
  readonly refused: FactRefused;
  constructor(refused: FactRefused) {
    super(`${refused.fact} refused from ${refused.from}: ${refused.why}`);
    this.refused = refused;
  }
}

/** Refusals that come before a byte of the commit is written, or that leave it without its end: it is undone. */
const undoneBy = /^SQLITE_(FULL|BUSY|LOCKED|CONSTRAINT|READONLY|TOOBIG|MISMATCH|RANGE)/;

/** Runs `work` in one transaction. On a full disk once more, with what the ballast had kept free. */
export function commitOnce(store: Store, work: () => void): CommitOutcome {
  const outcome = attempt(store, work);
  if (outcome.type !== 'not-stored' || outcome.error.type !== 'store-full') return outcome;
  store.dropBallast();
  return attempt(store, work);
}

function attempt(store: Store, work: () => void): CommitOutcome {
  try {
    store.transact(work);
    return { type: 'stored' };
  } catch (error) {
    if (error instanceof RefusedInTransaction) return { type: 'refused', refused: error.refused };
    const code = sqliteCode(error);
    if (code === undefined) throw error;
    const detail = `${code}: ${error instanceof Error ? error.message : ''}`;
    if (!undoneBy.test(code)) return { type: 'uncertain', detail };
    const type = code === 'SQLITE_FULL' ? 'store-full' : 'store-failed';
    return { type: 'not-stored', error: { type, detail } };
  }
}
