import type { ConfidenceLevel } from '#drivers/printer/print-outcome.ts';

/** What this printer was seen to answer. */
export interface PrinterCapabilities {
  /** DLE EOT */
  readonly realTimeStatus: boolean;
  /** GS ( H */
  readonly processId: boolean;
  /** GS r */
  readonly fence: boolean;
  /** GS g 2 */
  readonly cutCounter: boolean;
  /** GS a: tells paper, cover and drawer by itself. */
  readonly autoStatus: boolean;
}

/** A printer that never answered anything: bytes go there, nothing is known. */
export const sendOnly: PrinterCapabilities = {
  realTimeStatus: false,
  processId: false,
  fence: false,
  cutCounter: false,
  autoStatus: false,
};

/** The best level that a printer with these capabilities can confirm; 1 until it has been probed. */
export function confidenceOf(capabilities: PrinterCapabilities | null): ConfidenceLevel {
  if (capabilities === null) return 1;
  const { processId, fence, cutCounter } = capabilities;
  if (!processId && !fence) return 1;
  if (cutCounter) return 4;
  return processId ? 3 : 2;
}
