import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readOptions, seedMax } from '../read-options.ts';
import { freePorts, openStage } from '../stage/stage.ts';
import { createTurns, runKills, type KillReport } from './kill-run.ts';
import { openStriker } from './striker.ts';

/**
 * npm run kill -- [--sales 500] [--till-kills 100] [--cloud-kills 20] [--seed 1]
 * Sells on the real stack while the till and the cloud are killed with SIGKILL, then asks every book. Exit 1 when
 * one disagrees; the folder with all state is then kept.
 */
const values = readOptions(
  'npm run kill -- [--sales 500] [--till-kills 100] [--cloud-kills 20] [--seed 1]',
  {
    sales: { type: 'whole', min: 1, max: 100_000, default: 500 },
    'till-kills': { type: 'whole', min: 0, max: 100_000, default: 100 },
    'cloud-kills': { type: 'whole', min: 0, max: 100_000, default: 20 },
    seed: { type: 'whole', min: 0, max: seedMax, default: 1 },
  },
);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const folder = await mkdtemp(path.join(tmpdir(), 'greentill-kills-'));
const counts = {
  sales: values.sales,
  tillKills: values['till-kills'],
  cloudKills: values['cloud-kills'],
  seed: values.seed,
};
process.exitCode = (await play()) ? 0 : 1;
if (process.exitCode === 0) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
else say(`everything is kept in ${folder}`);

async function play(): Promise<boolean> {
  say(`starting cloud, channel simulator, devices and till in ${folder} …`);
  const onLine = (program: string, line: string): void => {
    if (!/ready|channel simulator on/.test(line)) say(`  [${program}] ${line.slice(0, 400)}`);
  };
  const stage = await openStage({ folder, ports: freePorts, onLine });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      say(`stopped by ${signal}; everything is kept in ${folder}`);
      void stage.close().finally(() => process.exit(1));
    });
  const striker = openStriker();
  try {
    const report = await runKills({ stage, say, striker, inTurn: createTurns(), ...counts });
    for (const line of tableOf(report)) say(line);
    return report.violations.length === 0;
  } catch (error) {
    say(
      `the run stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return false;
  } finally {
    await striker.close();
    await stage.close();
  }
}

function tableOf(report: KillReport): readonly string[] {
  const { sales } = report;
  const told = (what: string): number => sales.filter((sale) => sale.told === what).length;
  const rows: readonly (readonly [string, string | number])[] = [
    ['sales rung up', sales.length],
    ['  acknowledged', told('taken')],
    ['  on trust, open', told('promised')],
    ['  on trust, kept', told('kept')],
    ['  not paid (known, code gone with the till)', told('not-paid')],
    ['  never begun (killed before the commit)', told('nothing')],
    ['kill -9 of the till', report.tillKills],
    ['  in the middle of a call', sales.filter((sale) => sale.answerLost).length],
    ['  inside a commit', report.writeKills],
    ['kill -9 of the cloud', report.cloudKills],
    ['  both in the same moment', report.doubleKills],
    ['journal entries, chain verified', report.entryCount],
    ['charges in the channel’s books', report.channelCharges],
    ['charges in the box’s books', report.boxCharges],
    ['pieces of paper', report.paperCount],
    ...[...report.receiptStates].map(([state, count]) => [`  receipts ${state}`, count] as const),
    ['lost', report.lostCount],
    ['doubled', report.doubledCount],
    ['violations', report.violations.length],
    ['duration', `${(report.durationMs / 1000).toFixed(0)} s`],
  ];
  return [
    '',
    ...rows.map(([name, value]) => `${name.padEnd(46)} ${String(value).padStart(8)}`),
    ...report.violations.map(({ oracle, detail }) => `BROKEN ${oracle}: ${detail}`),
    ...sales
      .filter((sale) => !['taken', 'promised', 'kept'].includes(sale.told))
      .map(({ amountFen, tender, state }) => `  ${amountFen} fen ${tender}: ${state}`),
  ];
}
