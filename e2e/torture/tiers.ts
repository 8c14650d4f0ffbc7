import { chaos } from './chaos.ts';
import { charges } from './charges.ts';
import { clockJumps } from './clock-jumps.ts';
import { databaseStops } from './database-stops.ts';
import { diskFaults } from './disk-faults.ts';
import { diskFull } from './disk-full.ts';
import { kills } from './kills.ts';
import { logDamage } from './log-damage.ts';
import { powerCuts } from './power-cuts.ts';
import { realPower } from './real-power.ts';
import type { Tier } from './tier.ts';
import { twoWriters } from './two-writers.ts';

/** Every tier by the name that `npm run torture -- --only NAME` takes; in this order they stand in the report. */
export const tiers = {
  kills,
  'power-cuts': powerCuts,
  'real-power': realPower,
  'log-damage': logDamage,
  'disk-faults': diskFaults,
  'disk-full': diskFull,
  'database-stops': databaseStops,
  chaos,
  'two-writers': twoWriters,
  'clock-jumps': clockJumps,
  charges,
} as const satisfies Readonly<Record<string, Tier>>;

export type TierName = keyof typeof tiers;
export const tierNames = Object.keys(tiers) as readonly TierName[];
