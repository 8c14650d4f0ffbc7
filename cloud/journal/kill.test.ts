import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import { createTillJournal, openOrder, recordCash } from '#cloud/journal/testing/till-journal.ts';
import { connect, type Connection } from '#cloud/platform/postgres/connect.ts';
import {
  startPostgresCluster,
  stopPostgresCluster,
} from '#cloud/platform/postgres/postgres-cluster.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { startCloudProcess, type CloudProcess } from '#cloud/platform/testing/cloud-process.ts';
import {
  activateTestTerminal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';

/** The long run: GREENTILL_CLOUD_KILLS=20. */
const kills = Number(process.env['GREENTILL_CLOUD_KILLS'] ?? 3);
const ordersCount = 200 * kills;
const batchEntries = 20;
const amountFen = 1000;
const dataFolder = mkdtempSync(join(tmpdir(), 'greentill-kill-'));
const source = { clock: createSystemClock(), random: createSystemRandom() };

afterAll(() => {
  stopPostgresCluster({ folder: join(dataFolder, 'postgres') });
  rmSync(dataFolder, { recursive: true, force: true });
});

/** A fixed port: the terminal's signature covers the address, and a restarted cloud has the same one. */
const environment = { DATA_FOLDER: dataFolder, PORT: '0', REQUESTS_PER_MINUTE: '1000000' };

function fillJournal(): TestJournal {
  const journal = createTillJournal();
  for (let count = 0; count < ordersCount; count += 1) {
    const orderId = newId('ord', source);
    openOrder(journal, { orderId, amountFen, claimToken: orderId.slice(-16) });
    recordCash(journal, orderId, amountFen);
  }
  return journal;
}

/** Sends the rest of the journal until it is acknowledged or the cloud dies. Returns the last acknowledged seq. */
async function upload(
  terminal: TestTerminal,
  journal: TestJournal,
  options: { readonly ackedSeq: number; readonly onAcked?: (seq: number) => void },
): Promise<number> {
  let acked = options.ackedSeq;
  while (acked < journal.entries.length) {
    try {
      const to = Math.min(acked + batchEntries, journal.entries.length);
      const answer = await terminal.post('/v1/journal/batches', journal.batch(acked + 1, to));
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      acked = Number(answer.body['ackedThrough']);
      options.onAcked?.(acked);
    } catch (error) {
      if (error instanceof TypeError) return acked;
      throw error;
    }
  }
  return acked;
}

async function untilProjected({ pool }: Connection): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const { rows } = await pool.query<{ lag: number }>(
      'select coalesce(sum(head_seq - projected_seq), 0) as lag from journal_head',
    );
    if (rows[0]?.lag === 0) return;
    await sleep(100);
  }
  throw new Error('the projection did not finish');
}

test(
  `${kills} times kill -9 of the cloud during batches: nothing acknowledged is lost, nothing is booked twice`,
  { timeout: 60_000 + kills * 20_000 },
  async () => {
    const journal = fillJournal();
    let cloud: CloudProcess = await startCloudProcess(environment);
    const port = new URL(cloud.origin).port;
    const operatorToken = readFileSync(join(dataFolder, 'operator-token'), 'utf8').trim();
    const terminal = await activateTestTerminal({ origin: cloud.origin, operatorToken });
    let acked = 0;
    let killed = 0;
    for (; killed < kills; killed += 1) {
      // Somewhere in its share of the journal, a moment after an acknowledgement: in the middle of the next batch.
      const share = journal.entries.length / (kills + 1);
      const goal = share * (killed + source.random.unit());
      const running = cloud;
      let reached: (() => void) | undefined;
      const atGoal = new Promise<void>((resolve) => (reached = resolve));
      const uploading = upload(terminal, journal, {
        ackedSeq: acked,
        onAcked: (seq) => (seq >= goal ? reached?.() : undefined),
      });
      await atGoal;
      await sleep(source.random.unit() * 15);
      await running.kill();
      acked = await uploading;
      expect(acked).toBeLessThan(journal.entries.length);
      cloud = await startCloudProcess({ ...environment, PORT: port });
    }
    acked = await upload(terminal, journal, { ackedSeq: acked });
    expect(acked).toBe(journal.entries.length);

    const cluster = await startPostgresCluster({
      folder: join(dataFolder, 'postgres'),
      durable: true,
    });
    const connection = connect(cluster.databaseUrl, { poolMax: 1 });
    await untilProjected(connection);
    const { rows: stored } = await connection.pool.query<{ seq: number; hash: string }>(
      'select seq, hash from journal_entry order by seq',
    );
    expect(stored).toEqual(journal.entries.map(({ seq, hash }) => ({ seq, hash })));
    const tally = await terminal.get('/v1/tallies/2026-11-22');
    expect(tally.body).toMatchObject({
      cashFen: ordersCount * amountFen,
      orderCount: ordersCount,
      pendingFen: 0,
      concessionFen: (ordersCount * amountFen) / 10,
    });
    const { rows: counts } = await connection.pool.query(`select
      (select count(*) from settlement_line) as lines, (select count(*) from journal_parked) as parked,
      (select count(*) from journal_quarantine) as forks`);
    expect(counts).toEqual([{ lines: ordersCount, parked: 0, forks: 0 }]);
    await connection.pool.end();
    expect(await cloud.stop()).toBe(0);
  },
);
