import type { TierName } from '../torture/tiers.ts';

/** One long proof of the night. */
export interface Part {
  readonly name: string;
  /** What holds when it passes. */
  readonly law: string;
  /** As a person would type it at the root. */
  readonly command: readonly [string, ...string[]];
  /** The switches that make a short test long. */
  readonly env?: Readonly<Record<string, string>>;
  /** What its random choices begin from, in words. */
  readonly seed: string;
  /** It is stopped then, and is broken. On two cores that are free each takes about half of it. */
  readonly budgetMinutes: number;
  /** The lines that say what came out. A part that says none has not run. */
  readonly result: RegExp;
}

/** Seeds of the simulator in one night; night N takes those after night N - 1. */
const worldsPerNight = 10_000;
/** The largest seed of a night: the seeds of its worlds have nine digits. */
export const nightSeedMax = 99_999;

const tortureTiers = [
  'kills',
  'power-cuts',
  'real-power',
  'log-damage',
  'disk-faults',
  'disk-full',
  'database-stops',
  'chaos',
  'two-writers',
  'clock-jumps',
] as const satisfies readonly Exclude<TierName, 'charges'>[];

const tortureResult = /^[a-z-]+: tried .*?faults \d+|NOT RUN on this machine/u;
const testResult = /^\d+ passed, \d+ failed, \d+ skipped$|^\{"|^\d+ (?:requests: |routes, )/u;
const fixedSeed = 'fixed in the test';

/**
 * The parts of the night with this seed, the short ones first: what is broken there is known before
 * the long ones end.
 */
export const nightlyParts = (seed: number): readonly Part[] => [
  {
    name: 'order-logs',
    law: 'invariants I1 to I8 on 300 random lives of 48 months; 60,000 water fillings agree with a slow independent implementation',
    command: ['vitest', 'run', 'shared/points/order-logs.test.ts'],
    env: { GREENTILL_LIVES: '300', GREENTILL_FILLINGS: '60000' },
    seed: 'lives 1 to 300',
    budgetMinutes: 15,
    result: testResult,
  },
  {
    name: 'differential',
    law: 'channel signatures and messages: 10,000 cases each, judged by third-party SDKs',
    command: ['npm', 'run', '--silent', 'differential'],
    seed: fixedSeed,
    budgetMinutes: 15,
    result: testResult,
  },
  {
    name: 'reconcile',
    law: 'a bill of 1,000,000 lines against the ledger: every planted mismatch is found, none is invented, in bounded time and memory',
    command: ['npm', 'run', '--silent', 'bench', '--', 'reconcile'],
    seed: 'seed 1',
    budgetMinutes: 15,
    result: /^\s*(?:holds |BROKEN) /u,
  },
  {
    name: 'rig',
    law: 'the real drivers and a till on emulated USB devices under a real kernel',
    command: ['npm', 'run', '--silent', 'rig'],
    seed: 'none: nothing in it is random',
    budgetMinutes: 25,
    result: /checks as they must be|NOT RUN on this machine/u,
  },
  {
    name: 'tenants',
    law: '10,000 random requests to every table and 10,000 to every route: no row and no word of another operator, shop or member leaks',
    command: [
      'vitest',
      'run',
      'cloud/platform/tenancy/tenancy.test.ts',
      'cloud/platform/tenancy/routes.test.ts',
    ],
    env: { GREENTILL_FUZZ: '10000' },
    seed: fixedSeed,
    budgetMinutes: 60,
    result: testResult,
  },
  {
    name: 'parsers',
    law: 'ten million random and mutated inputs for each parser of foreign bytes: none throws, hoards memory or loses synchronisation for good',
    command: ['npm', 'run', '--silent', 'fuzz', '--', '--seed', String(seed)],
    seed: `seed ${seed}`,
    budgetMinutes: 90,
    result: /^(?:ok {2}|FAIL) /u,
  },
  {
    name: 'charges',
    law: '100,000 charges against a channel that fails one request in five: none lost, none doubled, all books equal to the fen',
    command: ['npm', 'run', '--silent', 'charges', '--', '--seed', String(seed)],
    seed: `seed ${seed}`,
    budgetMinutes: 180,
    result: tortureResult,
  },
  {
    name: 'torture',
    law: 'killed, cut off, out of disk space, on failing disks, with a wrong clock: nothing acknowledged is lost or doubled',
    command: [
      ...(['npm', 'run', '--silent', 'torture', '--', '--seed', String(seed)] as const),
      ...tortureTiers.flatMap((tier) => ['--only', tier]),
    ],
    seed: `seed ${seed}`,
    budgetMinutes: 210,
    result: tortureResult,
  },
  {
    name: 'sim',
    law: '10,000 simulated worlds of shops, cloud and channels with faults: every oracle holds',
    command: ['npm', 'run', '--silent', 'sim', '--', '--seeds', worldsOf(seed).join('..')],
    seed: `worlds ${worldsOf(seed).join(' to ')}`,
    budgetMinutes: 240,
    result: /^\d+ seeds, failed: /u,
  },
];

const worldsOf = (seed: number): readonly [number, number] => [
  (seed - 1) * worldsPerNight + 1,
  seed * worldsPerNight,
];
