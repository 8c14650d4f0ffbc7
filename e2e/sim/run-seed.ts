import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '#shared/time/random.ts';
import { createChannelHost } from './cloud/channel-host.ts';
import { gatherEvidence, type WorldEvidence } from './oracles/evidence.ts';
import { planFaults } from './script/faults.ts';
import { withLatePayers } from './script/late-payers.ts';
import { takeHiddenClocks } from './world/hidden-clocks.ts';
import { judgeWorld, type Violation } from './oracles/oracles.ts';
import type { Planted } from './planted/planted.ts';
import { letFaultsLoose, mendAll, restUntilQuiet } from './script/seasons.ts';
import { planSales, runShift, type Sale } from './script/shop-script.ts';
import type { SimDatabase } from './cloud/sim-database.ts';
import { openSimShop } from './sim-shop.ts';
import { createWorld, type World } from './world/virtual-world.ts';

/** One seed: a shop with its tills, its cloud, its channel and everything that goes wrong there. */
export interface SeedOptions {
  readonly seed: number;
  /** Customers per till. */
  readonly steps: number;
  readonly database: SimDatabase;
  /** Folder on a disk in memory. */
  readonly scratch: string;
  readonly planted?: Planted;
  /** The world as it was before anybody paid late. */
  readonly withoutLatePayers?: boolean;
}

export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly trace: readonly string[];
  /** What the cloud logged at level warn and above. */
  readonly log: readonly string[];
  readonly sales: readonly Sale[];
  readonly virtualMs: number;
  /** What the oracles judged. */
  readonly evidence: WorldEvidence;
}

/** What decides whether a seed has people who pay late. */
export const lateStreamOf = (world: World): Random => world.randomOf('late payers');

const spanMsPerSale = 12_000;
const shiftsMsMax = 24 * 3_600_000;
const gatherMsMax = 600_000;

/** A phone that shows the code before once more, at times: what a copied screen does at the next till. */
function mostlyFresh(
  fresh: () => Promise<string | undefined>,
  { shared, random }: { readonly shared: number; readonly random: Random },
): () => Promise<string | undefined> {
  let last: string | undefined;
  return async () => {
    if (last !== undefined && random.unit() < shared) return last;
    last = await fresh();
    return last;
  };
}

/** Opens the shop, lets people and faults loose, mends everything, waits until it is quiet, and judges. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const { seed, steps, database, planted } = options;
  const world = createWorld(seed);
  const base = mkdtempSync(join(options.scratch, `seed-${seed}-`));
  const tillCount = 2 + Math.floor(world.randomOf('shop').unit() * 2);
  const spanMs = steps * spanMsPerSale;
  const faults = planFaults(world.randomOf('faults'), {
    tills: tillCount,
    spanMs,
    latePayers: options.withoutLatePayers === true ? undefined : lateStreamOf(world),
  });
  const closers: (() => void)[] = [];
  await database.reset();
  const channel = await createChannelHost(world);
  const giveBack = takeHiddenClocks(
    world,
    planted?.bendChannel?.(channel.fetch, world) ?? channel.fetch,
  );
  try {
    const shopOptions = {
      world,
      seed,
      base,
      database,
      channel,
      faults,
      tillCount,
      planted,
      closers,
    };
    const shop = await openSimShop(shopOptions);
    const sales: Sale[] = [];
    letFaultsLoose(shop, faults);
    const memberCode = mostlyFresh(shop.memberCode, {
      shared: faults.codeShared,
      random: world.randomOf('member'),
    });
    const shifts = shop.counters.map(({ till, line }, index) => {
      const random = world.randomOf(`shift ${till.name}`);
      const planned = planSales(random, {
        till: index,
        count: steps,
        promises: world.randomOf(`promises ${till.name}`),
      });
      const plan = withLatePayers(planned, {
        latePayers: faults.latePayers,
        random: world.randomOf(`late payers ${till.name}`),
      });
      return runShift({ world, till, random, memberCode, setLine: line.setUp }, plan, sales);
    });
    await world.settle(Promise.all(shifts), shiftsMsMax);
    mendAll(shop);
    const isQuiet = await restUntilQuiet(shop);
    const evidence = await world.settle(
      gatherEvidence(shop, { sales, faults, isQuiet }),
      gatherMsMax,
    );
    const violations = judgeWorld(evidence);
    for (const { oracle, detail } of violations) world.trace.note(`VIOLATION ${oracle}: ${detail}`);
    return {
      seed,
      violations,
      traceHash: world.trace.hash(),
      trace: [...world.trace.lines()],
      log: shop.log,
      sales,
      virtualMs: world.nowMs(),
      evidence,
    };
  } finally {
    giveBack();
    for (const close of closers) close();
    rmSync(base, { recursive: true, force: true });
  }
}
