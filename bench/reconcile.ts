import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { wechatBillRows } from '#cloud/payments/channels/wechat/bill-rows.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { openDatabase } from '#cloud/platform/postgres/open-database.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { billLaws } from '#cloud/reconciliation/bill-laws.ts';
import { importBill } from '#cloud/reconciliation/import-bill.ts';
import {
  expectedBreaks,
  plantWorld,
  writeBill,
  type BillWorld,
} from '#cloud/reconciliation/testing/bill-world.ts';
import { systemClock } from '#drivers/core/system-ports.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { BenchTable } from './bench-table.ts';
import { describeMachine } from './machine.ts';

const operatorId = 'opr_01J00000000000000000000001' as OperatorId;
const secondsMax = 60;
const linesMin = 1_000_000;
/** What this process may grow by while it reads a bill, however long the bill is. */
const growthMbMax = 256;
const sampleEveryMs = 100;
const mb = 1_048_576;

/**
 * A day's bill of about a million lines against as many charges and journals on the embedded
 * PostgreSQL, fsync on: read, matched, judged and committed. Beside it a plain COPY of the same
 * file by the server itself, into one column of text.
 */
export async function runReconcileBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-reconcile-'));
  const database = await openDatabase({ dataFolder: folder });
  try {
    await migrate(database.pool);
    const world: BillWorld = {
      operatorId,
      date: '2026-09-21',
      charges: Number(process.env['GREENTILL_BILL_ROWS'] ?? 985_000),
      every: 10_000,
      seed: 1,
    };
    await database.pool.query(`insert into operator values ('${operatorId}', 'x', 0)`);
    await plantWorld(database.pool, world);
    // What autovacuum does in the hours between the sales and their bill.
    await database.pool.query(
      'analyze payment_attempt, order_refund, ledger_txn, ledger_entry, merchant_channel',
    );
    await database.pool.query('checkpoint');
    const path = join(folder, 'bill.csv');
    const lines = await writeBill(world, path);
    const copySeconds = await plainCopy(database.pool, path);
    const file = { operatorId, channel: 'wechat', account: '', date: world.date };
    const scoped = { db: database.scoped, clock: systemClock };
    const imported = await watched(() =>
      runScoped({ type: 'operator', operatorId }, () =>
        importBill(scoped, { ...file, rows: () => wechatBillRows(path) }),
      ),
    );
    getOrThrow(imported.value);
    const { rows } = await database.db.execute<{ found: string }>(
      sql`select class || ' ' || split_part(subject, '/', 1) as found from bill_break`,
    );
    const found = rows.map((row) => row.found).toSorted();
    const expected = expectedBreaks(world);
    const proved = await watched(() => proveLaws(database.db, { operatorId, laws: billLaws }));
    const broken = proved.value.filter(({ holds }) => !holds).map(({ name }) => name);
    const missing = expected.filter((one) => !found.includes(one)).length;
    const invented = found.length - (expected.length - missing);
    const perSecond = (seconds: number) => Math.round(lines / seconds);
    return {
      name: 'reconcile',
      machine: describeMachine(),
      settings: [`a bill of ${Math.round(statSync(path).size / mb)} MB, fsync on, ${lines} lines`],
      rows: [
        { name: 'read, matched, judged, committed', value: imported.seconds, unit: 's' },
        {
          name: 'lines reconciled (ratio: to the plain COPY)',
          value: perSecond(imported.seconds),
          unit: 'lines/s',
          ratio: copySeconds / imported.seconds,
        },
        { name: 'plain COPY of the same file', value: perSecond(copySeconds), unit: 'lines/s' },
        { name: 'peak memory of the process', value: imported.peakMb, unit: 'MB' },
        { name: 'of it grown during the import', value: imported.grownMb, unit: 'MB' },
        { name: 'nightly proof of the same day', value: proved.seconds, unit: 's' },
      ],
      verdicts: [
        {
          law: `a million lines are reconciled within ${secondsMax} s`,
          measured: `${lines} lines in ${imported.seconds} s`,
          ok: lines >= linesMin && imported.seconds <= secondsMax,
        },
        {
          law: `memory does not grow with the bill: at most ${growthMbMax} MB`,
          measured: `${imported.grownMb} MB`,
          ok: imported.grownMb <= growthMbMax,
        },
        {
          law: 'every injected difference is found, none is invented',
          measured: `${expected.length} injected, ${missing} missing, ${invented} invented`,
          ok: missing === 0 && invented === 0,
        },
        {
          law: 'the proofs that hold releases see the open differences, and nothing else',
          measured: broken.join(', '),
          ok:
            broken.join() ===
            'bill-equals-ledger,what-went-back-nets-to-nothing,differences-are-explained',
        },
      ],
    };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plainCopy(
  pool: { query(text: string): Promise<unknown> },
  path: string,
): Promise<number> {
  await pool.query('create table raw_line (line text)');
  const text = `copy raw_line from '${path}' (format csv, delimiter e'\\x02', quote e'\\x03')`;
  const { seconds } = await watched(() => pool.query(text));
  await pool.query('drop table raw_line');
  return seconds;
}

/** How long it took, and what the process held meanwhile. */
async function watched<T>(work: () => Promise<T>): Promise<{
  readonly value: T;
  readonly seconds: number;
  readonly peakMb: number;
  readonly grownMb: number;
}> {
  const before = process.memoryUsage().rss;
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, sampleEveryMs);
  const startedAtMs = performance.now();
  const value = await work();
  const seconds = Math.round((performance.now() - startedAtMs) / 10) / 100;
  clearInterval(sampler);
  return {
    value,
    seconds,
    peakMb: Math.round(peak / mb),
    grownMb: Math.round((peak - before) / mb),
  };
}
