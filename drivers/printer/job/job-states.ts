import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { ConfidenceLevel, PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { Condition } from '#drivers/printer/status/printer-condition.ts';

/** The words of print-job-machine.ts: where a job can be, what can happen to it, and what it can ask for. */
export interface JobPlan {
  readonly processId: number;
  /** Time the paper may take, without pauses for paper or cover. */
  readonly printMsMax: number;
  readonly cuts: boolean;
  /** The job before ended in doubt: the printer may still wait for the data of a command that was cut off. */
  readonly flushFirst: boolean;
  readonly capabilities: PrinterCapabilities;
}

export type JobState = LiveState | LostState | DoneState;

/** The connection holds, and nothing went wrong yet. */
export type LiveState =
  | { readonly type: 'checking' }
  /** Flushing if needed, then reading the cutter's counter if there is one. */
  | { readonly type: 'preparing'; readonly flushed: boolean }
  /** The caller writes down that the first byte is about to leave, and the cutter's count with it. */
  | { readonly type: 'recording'; readonly cutBefore: number | null }
  /** `tailStarted`: the last segment (end of receipt, cut, confirmation request) was handed over. */
  | (Held & { readonly type: 'writing'; readonly tailStarted: boolean })
  | (Held & { readonly type: 'awaiting' })
  | { readonly type: 'counting-after'; readonly cutBefore: number; readonly level: ConfidenceLevel }
  | { readonly type: 'counting-in-doubt'; readonly cutBefore: number };

/** The connection broke, or the printer fell silent, while bytes were under way. */
export type LostState =
  | (Lost & { readonly type: 'away' })
  | (Lost & { readonly type: 'listening'; readonly heldBy: DeviceErrorCode | null })
  | (Lost & { readonly type: 'clearing' })
  | (Lost & { readonly type: 'flushing' })
  | (Lost & { readonly type: 'counting-abandoned' });

export interface DoneState {
  readonly type: 'done';
  readonly outcome: PrintOutcome;
}

export interface Held {
  readonly cutBefore: number | null;
  readonly heldBy: DeviceErrorCode | null;
}

export interface Lost {
  readonly cutBefore: number | null;
  /** Every byte may have reached the printer. */
  readonly complete: boolean;
  readonly recoveryCount: number;
}

export type JobEvent =
  | { readonly type: 'start' }
  | { readonly type: 'condition'; readonly condition: Condition }
  /** null: not answered in time. */
  | { readonly type: 'cut-count'; readonly count: number | null }
  /** The caller kept the record of this attempt, or could not: then nothing may leave. */
  | { readonly type: 'recorded'; readonly kept: boolean }
  | { readonly type: 'tail-started' }
  | { readonly type: 'all-sent'; readonly drained: boolean }
  /** The connection was closed before the first byte. */
  | { readonly type: 'send-refused' }
  | { readonly type: 'link-down' }
  | { readonly type: 'link-up' }
  | { readonly type: 'process-id'; readonly processId: number }
  | { readonly type: 'fence' }
  | { readonly type: 'buffers-cleared' }
  | { readonly type: 'flushed' }
  | { readonly type: 'timeout' }
  /** The program ends: say what is known. */
  | { readonly type: 'stopped' };

export type JobEffect =
  | 'ask-condition'
  | 'ask-cut-count'
  | 'record-attempt'
  | 'send-job'
  | 'clear-buffers'
  | 'flush'
  /** Have it written down, then print that what stands above was not finished, and cut it off. */
  | 'void-torn-piece';

export interface JobStep {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
  /** The one timer of the machine: restart it, stop it, or let it run. */
  readonly timer: number | 'stop' | 'keep';
}
