import type { Result } from '#shared/result/result.ts';
import { err, ok } from '#shared/result/result.ts';
import type { DrawerCalibration, DrawerLevel } from '#drivers/drawer/drawer-machine.ts';

/** Default of `leftOpenMs`: two minutes is longer than any change. */
export const leftOpenMsDefault = 120_000;

/**
 * Finds out which level means open: the shop closes the drawer, the level is read; the drawer is
 * kicked or opened, and the level is read again. Error `drawer-has-no-switch`: the level was the
 * same both times, so the drawer has no switch, its wire is loose, or it did not open.
 */
export function calibrateDrawer(levels: {
  readonly whenClosed: DrawerLevel;
  readonly whenOpen: DrawerLevel;
  readonly leftOpenMs?: number;
}): Result<DrawerCalibration, { readonly type: 'drawer-has-no-switch' }> {
  const { whenClosed, whenOpen, leftOpenMs = leftOpenMsDefault } = levels;
  return whenClosed === whenOpen
    ? err({ type: 'drawer-has-no-switch' })
    : ok({ openMeans: whenOpen, leftOpenMs });
}
