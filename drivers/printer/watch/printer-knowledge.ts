import type { LinkState } from '#drivers/core/link-state.ts';
import {
  confidenceOf,
  sendOnly,
  type PrinterCapabilities,
} from '#drivers/printer/watch/printer-capabilities.ts';
import type { Reading } from '#drivers/printer/status/printer-condition.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';

/** The pure half of printer-watch.ts: what is known of a printer, and what that lets a person be told. */
export interface PrinterKnowledge {
  readonly capabilities: PrinterCapabilities | null;
  /** What the printer calls itself; null: it does not say, or was not asked yet. */
  readonly model: string | null;
  /** Did a status question ever get an answer? Then silence is a fault; before, it may be its nature. */
  readonly everAnswered: boolean;
  /** The last look at this connection. */
  readonly reading: Reading | null;
  readonly silentCount: number;
  /** Wall time in ms of the last byte from the printer; null before the first. */
  readonly lastSeenMs: number | null;
}

export const knowledgeAtStart = (capabilities: PrinterCapabilities | null): PrinterKnowledge => ({
  capabilities,
  model: null,
  everAnswered: capabilities?.realTimeStatus === true,
  reading: null,
  silentCount: 0,
  lastSeenMs: null,
});

/** A new connection. A printer that never answered may only have been switched on too late to answer. */
export const afterConnecting = (known: PrinterKnowledge): PrinterKnowledge => ({
  ...known,
  capabilities: known.capabilities === sendOnly ? null : known.capabilities,
  reading: null,
  silentCount: 0,
});

export function afterReading(known: PrinterKnowledge, reading: Reading): PrinterKnowledge {
  const silent = reading.condition === 'silent';
  return {
    ...known,
    reading,
    everAnswered: known.everAnswered || !silent,
    silentCount: silent ? known.silentCount + 1 : 0,
  };
}

/** It never answered a status question: it is taken for one that cannot. */
export const takenAsSendOnly = (known: PrinterKnowledge): PrinterKnowledge => ({
  ...known,
  capabilities: sendOnly,
  reading: null,
});

/** Whether a job may be decided on: the printer was probed, or is known not to be ready. */
export const isLookedAt = ({ capabilities, reading }: PrinterKnowledge): boolean =>
  capabilities !== null || (reading !== null && reading.condition !== 'ready');

export function statusOf(known: PrinterKnowledge, link: LinkState): PrinterStatus {
  const { reading, capabilities, lastSeenMs } = known;
  const base = {
    paperNearEnd: reading?.paperNearEnd ?? false,
    drawerPinHigh: reading?.drawerPinHigh ?? null,
    confidence: confidenceOf(capabilities),
    model: known.model,
    lastSeenMs,
  };
  if (link.type === 'offline') return { ...base, state: 'offline', code: link.code };
  switch (reading?.condition ?? 'ready') {
    case 'ready':
      return { ...base, state: 'online' };
    case 'paper-out':
      return { ...base, state: 'paper-out', code: 'printer-paper-out' };
    case 'cover-open':
      return { ...base, state: 'cover-open', code: 'printer-cover-open' };
    case 'error':
      return { ...base, state: 'error', code: 'printer-error' };
    case 'silent':
      return { ...base, state: 'offline', code: 'printer-silent' };
  }
}
