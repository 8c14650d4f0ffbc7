import type { PrintedReceipt } from '#drivers/simulator/paper/paper.ts';

/** What guest and host say to each other over a virtio serial port: one JSON object per line. */
export type GuestMessage =
  /** Every check that will be reported, before the first one runs. */
  | { readonly type: 'plan'; readonly names: readonly string[] }
  | ({ readonly type: 'result' } & CheckResult)
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: keyof HostCalls;
      readonly input: unknown;
    };

export type HostMessage =
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly why: string };

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** What was measured, or why it failed. */
  readonly note: string;
}

/** Which of our simulators sits at the far end of the FTDI cable. */
export type CableEnd = 'printer' | 'scanner';

/** What the guest may ask of the host: to move the cable, and to look at what lies at its far end. */
export interface HostCalls {
  'cable.pull': { readonly input: Record<string, never>; readonly output: null };
  'cable.plug': { readonly input: Record<string, never>; readonly output: null };
  /** `msPerLine`: how slowly the printer prints; the paper is new. */
  'cable.end': {
    readonly input: { readonly end: CableEnd; readonly msPerLine?: number };
    readonly output: null;
  };
  'printer.paper': { readonly input: Record<string, never>; readonly output: Paper };
  'scanner.scan': { readonly input: { readonly code: string }; readonly output: null };
  /** The guest is through: everything before this line has arrived. */
  done: { readonly input: Record<string, never>; readonly output: null };
}

export interface Paper {
  readonly receipts: readonly PrintedReceipt[];
  readonly unknownCommands: readonly string[];
  readonly drawerKickCount: number;
}
