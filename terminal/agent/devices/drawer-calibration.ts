import { calibrateDrawer } from '#drivers/drawer/calibrate-drawer.ts';
import type { DrawerCalibration, DrawerLevel } from '#drivers/drawer/drawer-machine.ts';
import type { DrawerSense } from '#drivers/drawer/drawer-sense.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * Learns from a person which level of the drawer's switch means open: the drawer is shown closed
 * and open, in any order. Errors: `drawer-pin-unknown`, `drawer-has-no-switch` (both are forgotten
 * then), and those of the disk.
 */
export function createDrawerCalibration(deps: {
  readonly drawer: DrawerSense;
  readonly keep: (calibration: DrawerCalibration) => Result<void, ErrorCode>;
}): (isOpen: boolean) => Result<'open' | 'closed' | null, ErrorCode> {
  const { drawer } = deps;
  let seen: { readonly open?: DrawerLevel; readonly closed?: DrawerLevel } = {};
  return (isOpen) => {
    const level = drawer.level();
    if (level === null) return err('drawer-pin-unknown');
    seen = isOpen ? { ...seen, open: level } : { ...seen, closed: level };
    const { open, closed } = seen;
    if (open === undefined || closed === undefined) return ok(isOpen ? 'closed' : 'open');
    seen = {};
    const found = calibrateDrawer({ whenClosed: closed, whenOpen: open });
    if (!found.ok) return err(found.error.type);
    const kept = deps.keep(found.value);
    if (!kept.ok) return kept;
    drawer.setCalibration(found.value);
    return ok(null);
  };
}
