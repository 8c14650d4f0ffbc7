import { escpos, nulFlush, processIdCommand } from '#drivers/printer/encode/escpos-bytes.ts';
import { counterOf, type PrinterEvent } from '#drivers/printer/status/status-demux.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import {
  identityKey,
  type PrinterIdentity,
  type ProfileStore,
} from '#drivers/printer/watch/profile-store.ts';

/** Smaller than every job's id, which begin at 1. */
export const probeProcessId = 0;
const answerMsMax = 1_000;
/** 8,194 bytes at 9600 baud take 8.6 s. */
const answerAfterFlushMsMax = 10_000;
const nameCharsMax = 64;

export interface ProbeResult {
  readonly identity: PrinterIdentity;
  readonly capabilities: PrinterCapabilities;
  /** `remembered` from an earlier probe, or `asked` just now. */
  readonly from: 'remembered' | 'asked';
}

/**
 * Finds out who a ready printer is and what it answers; one that was probed before is only asked
 * for its name. Not for a printer that never answered a status question: it may print what it does
 * not understand.
 */
export async function probePrinter(
  line: PrinterLine,
  { load, port }: { readonly load: ProfileStore['load']; readonly port: string },
): Promise<ProbeResult> {
  const nameless: PrinterIdentity = { model: null, serial: null, port };
  const ofPort = load(identityKey(nameless));
  if (ofPort !== null) return { identity: nameless, capabilities: ofPort, from: 'remembered' };
  const first = await askFence(line, answerMsMax);
  let identity = await askIdentity(line, port);
  // A printer left in the middle of an image by an earlier run of the program takes every question for dots.
  const deaf = !first && identity.model === null && identity.serial === null;
  const fence = first || (deaf && (await askFenceAfterFlush(line)));
  if (deaf && fence) identity = await askIdentity(line, port);
  const known = load(identityKey(identity));
  if (known !== null) return { identity, capabilities: known, from: 'remembered' };
  return { identity, capabilities: await probeCapabilities(line, fence), from: 'asked' };
}

/** Strokes of the cutter so far; null when not answered. */
export function askCutCount(line: PrinterLine, timeoutMs = answerMsMax): Promise<number | null> {
  return line.ask({ bytes: escpos.cutCounter, timeoutMs, match: counterOf });
}

async function probeCapabilities(line: PrinterLine, fence: boolean): Promise<PrinterCapabilities> {
  const processId = await line.ask({
    bytes: processIdCommand(probeProcessId),
    timeoutMs: answerMsMax,
    match: (event) =>
      event.type === 'process-id' && event.processId === probeProcessId ? true : null,
  });
  const cutCounter = await askCutCount(line);
  const autoStatus = await line.ask({
    bytes: escpos.autoStatusOn,
    timeoutMs: answerMsMax,
    match: (event) => (event.type === 'auto-status' ? true : null),
  });
  return {
    realTimeStatus: true,
    fence,
    processId: processId !== null,
    cutCounter: cutCounter !== null,
    autoStatus: autoStatus !== null,
  };
}

export async function askIdentity(line: PrinterLine, port: string): Promise<PrinterIdentity> {
  const model = await askName(line, escpos.modelName);
  const serial = await askName(line, escpos.serialNumber);
  return { model, serial, port };
}

function askName(line: PrinterLine, bytes: readonly number[]): Promise<string | null> {
  return line.ask({ bytes, timeoutMs: answerMsMax, match: nameOf });
}

const nameOf = (event: PrinterEvent): string | null =>
  event.type === 'text' && event.text !== '' ? event.text.trim().slice(0, nameCharsMax) : null;

export async function askFence(line: PrinterLine, timeoutMs: number): Promise<boolean> {
  const answer = await line.ask({
    bytes: escpos.fence,
    timeoutMs,
    match: (event) => (event.type === 'fence' ? true : null),
  });
  return answer !== null;
}

async function askFenceAfterFlush(line: PrinterLine): Promise<boolean> {
  const flushed = await line.send(nulFlush());
  return flushed.ok && (await askFence(line, answerAfterFlushMsMax));
}
