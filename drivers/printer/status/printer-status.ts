import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { ConfidenceLevel } from '#drivers/printer/print-outcome.ts';

/** What is known of a printer at this moment. */
export interface PrinterStatus {
  readonly state: 'online' | 'offline' | 'paper-out' | 'cover-open' | 'error';
  /** Why, when the state is not `online`. */
  readonly code?: DeviceErrorCode;
  readonly paperNearEnd: boolean;
  /** Level of the drawer's signal pin; which level means open depends on the drawer. null: the printer does not say. */
  readonly drawerPinHigh: boolean | null;
  /** The best level that this printer can confirm; 1 until it has been probed. */
  readonly confidence: ConfidenceLevel;
  /** What the printer calls itself (GS I 67); null: it does not say, or was not asked yet. */
  readonly model: string | null;
  /** Wall time in ms of the last byte from the printer; null before the first. */
  readonly lastSeenMs: number | null;
}
