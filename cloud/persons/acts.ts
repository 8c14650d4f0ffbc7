import { sql, type SQL } from 'drizzle-orm';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import { endedAt, hasLeft, lapseProposals, standsAt } from '#cloud/persons/proposal-life.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { ProblemInput } from '#cloud/platform/problem.ts';
import type { OperatorId, PersonId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** What one person wants and another one has to agree to. */
export interface Act {
  readonly actNo: number;
  readonly kind: string;
  readonly subject: string;
  readonly what: Record<string, unknown>;
  readonly why: string;
  readonly proposedBy: PersonId;
  readonly proposedByName: string | null;
  readonly proposedAtMs: number;
  /** Lapsed: nobody agreed in time (proposal-life.ts). */
  readonly state: 'proposed' | 'done' | 'withdrawn' | 'lapsed';
  readonly endedBy: PersonId | null;
  readonly endedByName: string | null;
  readonly endedAtMs: number | null;
  readonly endedNote: string | null;
  readonly outcome: Record<string, unknown> | null;
}

/** How a kind of act is done. Every domain that has one names its own (cloud/person-acts.ts). */
export interface ActKind {
  /** Does it, in the caller's transaction. The answer is kept as the act's outcome, without secrets. */
  execute(
    tx: Tx,
    act: Pick<Act, 'subject' | 'what' | 'why' | 'proposedBy'> & Doing,
  ): Promise<Result<Record<string, unknown>, ProblemInput>>;
  /** After it was done and stored, for what watches from outside. */
  told?(): Promise<void>;
}
export type ActKinds = Readonly<Record<string, ActKind>>;

interface Doing {
  readonly operatorId: OperatorId;
  /** Who acts now. */
  readonly by: PersonId;
  readonly nowMs: number;
}
type Ending = Doing & { readonly actNo: number; readonly note: string };

/** Acts in one page of the list. */
export const actsPerPage = 100;

const unknownAct: ProblemInput = { status: 404, code: 'not-found', detail: 'no such act' };
const ended: ProblemInput = { status: 409, code: 'policy-proposal-ended' };
const lapsed: ProblemInput = { status: 409, code: 'person-act-lapsed' };
const samePerson: ProblemInput = { status: 409, code: 'policy-same-person' };
const proposerEnded: ProblemInput = {
  status: 409,
  code: 'policy-proposal-ended',
  detail: 'the key of the person who proposed it has ended: withdraw it and propose it anew',
};
const openAlready: ProblemInput = {
  status: 409,
  code: 'policy-proposal-ended',
  detail: 'the same is proposed already: agree to it, or withdraw it first',
};

/**
 * One person proposes. It is tried and taken back, so that what can never be done is refused now; then it waits.
 * Errors: those of the kind; policy-proposal-ended (the same is proposed already).
 */
export async function proposeAct(
  tx: Tx,
  kinds: ActKinds,
  act: Doing & Pick<Act, 'kind' | 'subject' | 'what' | 'why'>,
): Promise<Result<Act, ProblemInput>> {
  const { operatorId, kind, subject, what, why, by, nowMs } = act;
  const tried = await tryAndTakeBack(tx, (inner) =>
    kindOf(kinds, kind).execute(inner, { ...act, proposedBy: by }),
  );
  if (!tried.ok) return tried;
  // Numbers follow each other: two who propose at once wait here.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`two-person-act ${operatorId}`}, 0))`,
  );
  // One that nobody agreed to in time does not stand in the way of the same.
  await lapse(
    tx,
    sql`operator_id = ${operatorId} and kind = ${kind} and subject = ${subject}`,
    nowMs,
  );
  const { rows } = await tx.execute<{ no: number }>(sql`
    insert into two_person_act (operator_id, act_no, kind, subject, what, why, proposed_by,
      proposed_at_ms, state)
    select ${operatorId}, coalesce(max(act_no), 0) + 1, ${kind}, ${subject},
           ${JSON.stringify(what)}::jsonb, ${why}, ${by}, ${nowMs}, 'proposed'
      from two_person_act where operator_id = ${operatorId}
    on conflict do nothing
    returning act_no as no`);
  const no = rows[0]?.no;
  return no === undefined ? err(openAlready) : ok((await readAct(tx, { operatorId, actNo: no }))!);
}

/**
 * Another person agrees: it is done, once, in this transaction.
 * Errors in this order: not-found, person-act-lapsed, policy-proposal-ended, policy-same-person,
 * policy-proposal-ended (the proposer's key ended: it may have been stolen, or he has a new one and
 * would agree to himself), those of the kind.
 */
export async function agreeToAct(
  tx: Tx,
  kinds: ActKinds,
  act: Ending,
): Promise<Result<Act, ProblemInput>> {
  const stored = await lockAct(tx, act);
  if (stored === undefined) return err(unknownAct);
  if (stored.state === 'lapsed') return err(lapsed);
  if (stored.state !== 'proposed') return err(ended);
  if (stored.proposedBy === act.by) return err(samePerson);
  if (await hasLeft(tx, stored.proposedBy, act.operatorId)) return err(proposerEnded);
  const done = await withSavepoint(tx, (inner) =>
    kindOf(kinds, stored.kind).execute(inner, { ...stored, ...act }),
  );
  if (!done.ok) return done;
  await tx.execute(sql`
    update two_person_act set state = 'done', ended_by = ${act.by}, ended_at_ms = ${act.nowMs},
           ended_note = ${act.note}, outcome = ${JSON.stringify(done.value)}::jsonb
     where operator_id = ${act.operatorId} and act_no = ${act.actNo}`);
  return ok((await readAct(tx, act))!);
}

/** Either thinks again. Errors: not-found, person-act-lapsed, policy-proposal-ended. */
export async function withdrawAct(tx: Tx, act: Ending): Promise<Result<Act, ProblemInput>> {
  const stored = await lockAct(tx, act);
  if (stored === undefined) return err(unknownAct);
  if (stored.state === 'lapsed') return err(lapsed);
  if (stored.state !== 'proposed') return err(ended);
  await tx.execute(sql`
    update two_person_act set state = 'withdrawn', ended_by = ${act.by}, ended_at_ms = ${act.nowMs},
           ended_note = ${act.note}
     where operator_id = ${act.operatorId} and act_no = ${act.actNo}`);
  return ok((await readAct(tx, act))!);
}

function kindOf(kinds: ActKinds, kind: string): ActKind {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found === undefined) throw new Error(`invariant broken: nobody does acts of kind ${kind}`);
  return found;
}

/** What `work` would say, without anything of it staying. */
async function tryAndTakeBack<T, E>(
  tx: Tx,
  work: (inner: Tx) => Promise<Result<T, E>>,
): Promise<Result<T, E>> {
  const kept: { said?: Result<T, E> } = {};
  await withSavepoint(tx, async (inner) => {
    kept.said = await work(inner);
    return err('taken back');
  });
  return kept.said!;
}

interface ActKey {
  readonly operatorId: OperatorId;
  readonly actNo: number;
}

/** Holds an act; one whose time is over has lapsed with that. */
async function lockAct(tx: Tx, key: Ending): Promise<Act | undefined> {
  const isAct = sql`operator_id = ${key.operatorId} and act_no = ${key.actNo}`;
  await tx.execute(sql`select from two_person_act where ${isAct} for update`);
  await lapse(tx, isAct, key.nowMs);
  return await readAct(tx, key);
}

const lapse = (tx: Tx, which: SQL, nowMs: number): Promise<unknown> =>
  lapseProposals(tx, { table: 'two_person_act', which, nowMs });

const readAct = async (tx: Tx, { operatorId, actNo }: ActKey): Promise<Act | undefined> =>
  (await listActs(tx, { operatorId, before: actNo + 1, from: actNo }))[0];

/** The name of the person in that column: one look by key for each act of a page. */
const nameOf = (column: 'proposed_by' | 'ended_by'): SQL => sql`
  (select p.name from operator_person p
    where p.operator_id = two_person_act.operator_id
      and p.person_id = two_person_act.${sql.identifier(column)})`;

/**
 * Acts, the newest first; `before` is the last number of the page before. `state`: only those that
 * stand so, at `nowMs` where it is given: what has lapsed by then is told as lapsed, also when
 * nobody has touched it since.
 */
export async function listActs(
  db: Db | Tx,
  page: {
    readonly operatorId: OperatorId;
    readonly before?: number | undefined;
    readonly from?: number;
    readonly state?: Act['state'] | undefined;
    readonly nowMs?: number;
  },
): Promise<readonly Act[]> {
  const { rows } = await db.execute<Act & Record<string, unknown>>(sql`
    select act_no as "actNo", kind, subject, what, why, proposed_by as "proposedBy",
           ${nameOf('proposed_by')} as "proposedByName",
           proposed_at_ms as "proposedAtMs", stands as state, ended_by as "endedBy",
           ${nameOf('ended_by')} as "endedByName",
           ${endedAt(page.nowMs ?? 0)} as "endedAtMs", ended_note as "endedNote", outcome
      from two_person_act, lateral (select ${standsAt(page.nowMs ?? 0)} as stands) s
     where operator_id = ${page.operatorId}
       and act_no < coalesce(${page.before ?? null}::bigint, 2147483648)
       and act_no >= ${page.from ?? 1}::integer
       and stands = coalesce(${page.state ?? null}::text, stands)
     order by act_no desc limit ${actsPerPage}`);
  return rows;
}
