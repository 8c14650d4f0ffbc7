import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTurns, runKills, type KillReport } from '../kill/kill-run.ts';
import { openStriker } from '../kill/striker.ts';
import { freePorts, openStreet, type Stage } from '../stage/stage.ts';
import {
  addOutcomes,
  counted,
  isClean,
  type Tier,
  type TierOutcome,
  type TierRun,
} from './tier.ts';

/** Of so many kills one is the cloud's. */
const cloudKillEvery = 5;
/** Shops that sell and die at the same time before one cloud: their waiting overlaps. */
const shopsMax = 4;
/** Each shop's plan has a seed of its own. */
const shopSeedStep = 100_000;

export const kills: Tier = {
  title: 'kill -9 of the till’s agent and of the cloud during sales',
  unit: 'kills',
  fullCount: 1_000,
  partCount: 200,
  missing: () => undefined,
  run: killBoth,
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `${of('till')} kills of the till and ${of('cloud')} of the cloud, ${of('both')} of them simultaneous. ` +
      `${of('atWrite')} kills of the till were aimed at a chosen write to its journal, up to 3 ms after it. Of ${of('sales')} ` +
      `sales (cash, wallet, member code, box) ${of('answerLost')} lost their answer with the till: ${of('neverBegun')} ` +
      `were killed before their commit, ${of('committed')} were in the journal unanswered. Checked: ${of('channelCharges')} ` +
      `charges in the channel’s books, ${of('boxCharges')} in the box’s, ${of('entries')} journal entries and their hash chain.`
    );
  },
  found: 'nothing so far.',
};

/** Whole shops of e2e/stage before one cloud, under the plan and the oracles of e2e/kill. */
async function killBoth({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'greentill-torture-'));
  const warm = warmStarts(folder);
  const cloudKills = Math.floor(count / cloudKillEvery);
  const all = { till: count - cloudKills, cloud: cloudKills };
  const shopCount = Math.max(1, Math.min(shopsMax, all.till));
  const onLine = (program: string, line: string): void => {
    if (!/ready|channel simulator on/.test(line)) say(`  [${program}] ${line.slice(0, 300)}`);
  };
  const street = await openStreet({ folder, ports: freePorts, onLine }, shopCount);
  const striker = openStriker();
  const inTurn = createTurns();
  let outcome: TierOutcome | undefined;
  try {
    const reports = await Promise.all(
      street.stages.map((stage, number) => {
        const tillKills = share(all.till, number, shopCount);
        const counts = { tillKills, cloudKills: share(all.cloud, number, shopCount) };
        const sayOfShop = (text: string): void => say(`  shop ${number}: ${text}`);
        return runKills({
          ...counts,
          stage: ownMember(stage, number),
          striker,
          inTurn,
          say: sayOfShop,
          sales: Math.max(counts.tillKills, counts.cloudKills, 1),
          seed: seed + number * shopSeedStep,
        });
      }),
    );
    outcome = reports.map(outcomeOf).reduce(addOutcomes);
    return outcome;
  } finally {
    warm.end();
    await striker.close();
    await street.close();
    // What is broken is kept to be looked at.
    if (outcome !== undefined && isClean(outcome))
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    else say(`  everything is kept in ${folder}`);
  }
}

const share = (all: number, number: number, of: number): number =>
  Math.floor(all / of) + (number < all % of ? 1 : 0);

/** A member shops at one shop: the same person pays offline at one till only. */
const ownMember = (stage: Stage, number: number): Stage => {
  const { members } = stage.shop;
  const member = members[number % members.length];
  return { ...stage, shop: { ...stage.shop, members: member ? [member] : [] } };
};

const acknowledged: ReadonlySet<string> = new Set(['taken', 'promised', 'kept']);

function outcomeOf(report: KillReport): TierOutcome {
  const { sales } = report;
  const unanswered = sales.filter((sale) => sale.answerLost);
  const begun = unanswered.filter((sale) => sale.told !== 'nothing').length;
  return {
    tried: report.tillKills + report.cloudKills,
    acknowledged: sales.filter(({ told }) => acknowledged.has(told)).length,
    lost: report.lostCount,
    doubled: report.doubledCount,
    faults: report.violations.map(({ oracle, detail }) => `${oracle}: ${detail}`),
    counts: {
      till: report.tillKills,
      cloud: report.cloudKills,
      both: report.doubleKills,
      atWrite: report.writeKills,
      sales: sales.length,
      answerLost: unanswered.length,
      neverBegun: unanswered.length - begun,
      committed: begun,
      channelCharges: report.channelCharges,
      boxCharges: report.boxCharges,
      entries: report.entryCount,
    },
  };
}

/**
 * What a start costs is mostly reading the programs. Node keeps them compiled in a folder, but writes it only when a
 * process ends in peace, which none here does: so both are loaded once before.
 */
function warmStarts(folder: string): { readonly end: () => void } {
  const before = process.env['NODE_COMPILE_CACHE'];
  process.env['NODE_COMPILE_CACHE'] = path.join(folder, 'compiled');
  const root = path.resolve(import.meta.dirname, '../..');
  for (const entry of programs) {
    const load = `await import(${JSON.stringify(path.join(root, entry))})`;
    spawnSync(process.execPath, ['--input-type=module', '--eval', load]);
  }
  return {
    end: () => {
      if (before === undefined) delete process.env['NODE_COMPILE_CACHE'];
      else process.env['NODE_COMPILE_CACHE'] = before;
    },
  };
}

const programs = [
  'terminal/agent/agent.ts',
  'terminal/web/host.ts',
  'cloud/start-cloud.ts',
] as const;
