const firstMs = 1_000;
const ceilingMs = 60_000;

/**
 * Full jitter: a uniform part of a ceiling that doubles with each failure, from 1 s to 60 s, so that ten thousand
 * tills coming back at once do not come at the same moment. `failures` is at least 1, `unit` in [0, 1).
 */
export const backOffMs = (failures: number, unit: number): number =>
  Math.trunc(unit * Math.min(ceilingMs, firstMs * 2 ** Math.min(failures - 1, 16)));
