import { nothingScheduled } from '#drivers/core/timers.ts';
import {
  awaitsReport,
  hidPosSilence,
  hidPosStart,
  pushReport,
  type HidPosStep,
} from '#drivers/scanner/hid-pos.ts';
import { scanOfBytes } from '#drivers/scanner/scan-text.ts';
import { createScannerLine, tellScan } from '#drivers/scanner/scanner-line.ts';
import type { Scanner, ScannerDeps } from '#drivers/scanner/scanner.ts';
import { vendorSymbologyOf, type ScannerVendor } from '#drivers/scanner/vendor-symbology.ts';

export interface HidScannerDeps extends ScannerDeps {
  /** Whose byte names the kind of print where there is no AIM identifier; default none's. */
  readonly vendor?: ScannerVendor;
}

/** Reports of one code follow each other within milliseconds; a person needs far longer for the next scan. */
export const nextReportMsMax = 200;

/** A HID point-of-sale scanner over a transport that hands over one report per chunk: see transports/hid.ts. */
export function createHidScanner(deps: HidScannerDeps): Scanner {
  let parser = hidPosStart;
  let cancelWait = nothingScheduled;

  const apply = (step: HidPosStep): void => {
    parser = step.state;
    for (const event of step.events) {
      const scan =
        event.type === 'code'
          ? scanOfBytes({
              data: event.data,
              aim: event.aim,
              vendorSymbology: vendorSymbologyOf(deps.vendor ?? 'other', event.vendorSymbology),
            })
          : null;
      tellScan(deps, scan);
    }
  };
  const forget = (): void => {
    cancelWait();
    parser = hidPosStart;
  };

  return createScannerLine(deps, {
    forget,
    onData: (report) => {
      cancelWait();
      apply(pushReport(parser, report));
      if (awaitsReport(parser)) {
        cancelWait = deps.timers.after(nextReportMsMax, () => apply(hidPosSilence(parser)));
      }
    },
  });
}
