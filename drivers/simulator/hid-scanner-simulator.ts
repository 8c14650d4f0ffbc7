import type { FarSide } from '#drivers/core/far-side.ts';
import { hidPosDataBytesMax, hidPosReportBytes, hidPosReportId } from '#drivers/scanner/hid-pos.ts';

export interface HidScannerModel {
  /** node-hid keeps the report id, WebHID takes it off; default 'kept'. */
  readonly reportId?: 'kept' | 'dropped';
  /** 'moved' has one more byte before the AIM identifier; default 'standard'. */
  readonly layout?: 'standard' | 'moved';
  /** Default "]Q1"; null for three zeros. */
  readonly aim?: string | null;
  /** The vendor's byte; default 0. */
  readonly vendorSymbology?: number;
  /** Appended to the data, e.g. "\r"; default none. */
  readonly suffix?: string;
}

/** A HID point-of-sale scanner at the far end of a wire that keeps chunk borders: one report per send. */
export interface HidScannerSimulator {
  attach(far: FarSide): void;
  scan(code: string): void;
  /** The reports of a code, to be spoilt, left out or mixed by a test. */
  reportsOf(code: string | Uint8Array): readonly Uint8Array[];
  /** A report as it is. */
  sendReport(report: Uint8Array): void;
}

export function createHidScannerSimulator(model: HidScannerModel = {}): HidScannerSimulator {
  const wires: FarSide[] = [];
  const sendReport = (report: Uint8Array): void => {
    for (const far of wires) far.send(report);
  };
  const reportsOf = (code: string | Uint8Array): readonly Uint8Array[] => {
    const data = typeof code === 'string' ? Buffer.from(code + (model.suffix ?? '')) : code;
    const count = Math.max(1, Math.ceil(data.length / dataBytesOf(model)));
    return Array.from({ length: count }, (_, index) => {
      const from = index * dataBytesOf(model);
      return reportOf(model, {
        data: data.subarray(from, from + dataBytesOf(model)),
        more: index < count - 1,
      });
    });
  };
  return {
    attach: (far) => void wires.push(far),
    sendReport,
    reportsOf,
    scan: (code) => {
      for (const report of reportsOf(code)) sendReport(report);
    },
  };
}

/** In the moved layout the last data byte would lie on the vendor's. */
const dataBytesOf = (model: HidScannerModel): number =>
  model.layout === 'moved' ? hidPosDataBytesMax - 1 : hidPosDataBytesMax;

function reportOf(
  model: HidScannerModel,
  part: { readonly data: Uint8Array; readonly more: boolean },
): Uint8Array {
  const body = new Uint8Array(hidPosReportBytes);
  const aimAt = model.layout === 'moved' ? 2 : 1;
  body[0] = part.data.length;
  const aim = model.aim === undefined ? ']Q1' : model.aim;
  if (aim !== null) body.set(Buffer.from(aim, 'latin1'), aimAt);
  body.set(part.data, aimAt + 3);
  body[60] = model.vendorSymbology ?? 0;
  body[62] = part.more ? 1 : 0;
  return model.reportId === 'dropped' ? body : Uint8Array.from([hidPosReportId, ...body]);
}
