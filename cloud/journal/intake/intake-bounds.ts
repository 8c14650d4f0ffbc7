import { sql } from 'drizzle-orm';
import type { Batch } from '#shared/wire/v1/journal.ts';
import { raiseAlarms } from '#cloud/identity/terminal-alarms.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** Epochs that a terminal may begin within a day: a restored or salvaged file is rare, a loop of them is a defect. */
export const epochsPerDayMax = 24;
/** Entries of a closed terminal that are kept: more than a till sells in a season. */
const revokedEntriesMax = 50_000;
const dayMs = 86_400_000;

/** A bound that only a copied or defective terminal meets; nothing was taken. */
export interface BoundExceeded {
  readonly type: 'journal-epochs-exceeded' | 'journal-quarantine-full';
}

/** Bounds on what one identity may fill the inbox with. Looked at only where an honest terminal seldom comes. */
export async function checkBounds(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'metrics' | 'logger'>,
  { terminal, batch }: { readonly terminal: TerminalIdentity; readonly batch: Batch },
): Promise<BoundExceeded | undefined> {
  if (terminal.revoked && (await countRevokedEntries(deps.db, terminal)) >= revokedEntriesMax) {
    return { type: 'journal-quarantine-full' };
  }
  if (batch.firstSeq !== 1) return undefined;
  const { epoch } = batch;
  const others = await countEpochsOfDay(deps.db, terminal, { epoch, nowMs: deps.clock.nowMs() });
  if (others < epochsPerDayMax) return undefined;
  const detail = `${others} epochs within a day`;
  await raiseAlarms(deps, terminal, [{ kind: 'epochs-exceeded', subject: epoch, detail }]);
  return { type: 'journal-epochs-exceeded' };
}

/** How many other epochs of the terminal began to arrive within the last day. */
async function countEpochsOfDay(
  db: Db,
  { operatorId, terminalId }: TerminalIdentity,
  other: { readonly epoch: string; readonly nowMs: number },
): Promise<number> {
  const { rows } = await db.execute<{ n: number }>(sql`
    select count(*) as n from journal_head
     where operator_id = ${operatorId} and terminal_id = ${terminalId} and epoch <> ${other.epoch}
       and begun_at_ms > ${other.nowMs - dayMs}`);
  return rows[0]?.n ?? 0;
}

/** How many entries of a closed terminal are kept. */
async function countRevokedEntries(
  db: Db,
  { operatorId, terminalId }: TerminalIdentity,
): Promise<number> {
  const { rows } = await db.execute<{ n: number }>(sql`
    select count(*) as n from journal_parked where operator_id = ${operatorId}
       and terminal_id = ${terminalId} and code = 'terminal-revoked'`);
  return rows[0]?.n ?? 0;
}
