import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import type { GateReason } from '#shared/points/gate/gate.ts';

/** A close as it is stored. */
export interface StoredClose {
  readonly period: string;
  readonly gateOpen: boolean;
  readonly gateReason: GateReason;
  readonly multBp: BasisPoints;
  readonly budgetFen: Fen;
  /** Periods of lots that become final after this close, before the tier. */
  readonly nBase: number;
  readonly configVersion: number;
  /** What the decision was made of; shown as it is on the disclosure page. */
  readonly explanation: Readonly<Record<string, unknown>>;
  readonly explanationHash: string;
}

interface CloseRow extends Record<string, unknown> {
  readonly period: string;
  readonly gate_open: boolean;
  readonly gate_reason: GateReason;
  readonly mult_bp: number;
  readonly budget_fen: number;
  readonly n_base: number;
  readonly config_version: number;
  readonly explanation: Record<string, unknown>;
  readonly explanation_hash: string;
}

const closeColumns = sql`period, gate_open, gate_reason, mult_bp, budget_fen, n_base,
  config_version, explanation, explanation_hash`;

/** The stored close of a period, if it is closed. */
export async function readClose(
  db: Db | Tx,
  closing: { readonly operatorId: OperatorId; readonly period: string },
): Promise<StoredClose | undefined> {
  const { rows } = await db.execute<CloseRow>(sql`
    select ${closeColumns} from period_close
     where operator_id = ${closing.operatorId} and period = ${closing.period}`);
  return rows[0] === undefined ? undefined : closeOf(rows[0]);
}

/** Two years of months. */
const closesListed = 24;

/** The last closes, the newest first. */
export async function listCloses(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<readonly StoredClose[]> {
  const { rows } = await db.execute<CloseRow>(sql`
    select ${closeColumns} from period_close
     where operator_id = ${operatorId} order by period desc limit ${closesListed}`);
  return rows.map(closeOf);
}

const closeOf = (row: CloseRow): StoredClose => ({
  period: row.period,
  gateOpen: row.gate_open,
  gateReason: row.gate_reason,
  multBp: basisPoints(row.mult_bp),
  budgetFen: fen(row.budget_fen),
  nBase: row.n_base,
  configVersion: row.config_version,
  explanation: row.explanation,
  explanationHash: row.explanation_hash,
});
