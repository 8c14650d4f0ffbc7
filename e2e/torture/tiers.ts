import { chaos } from './house/chaos.ts';
import { charges } from './charges/charges.ts';
import { clockJumps } from './house/clock-jumps.ts';
import { databaseStops } from './house/database-stops.ts';
import { diskFaults } from './disk/disk-faults.ts';
import { diskFull } from './disk/disk-full.ts';
import { kills } from './kills.ts';
import { logDamage } from './disk/log-damage.ts';
import { powerCuts } from './power/power-cuts.ts';
import { realPower } from './power/real-power.ts';
import type { Tier } from './tier.ts';
import { twoWriters } from './writers/two-writers.ts';

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
