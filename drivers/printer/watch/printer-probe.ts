import { escpos, nulFlush, processIdCommand } from '#drivers/printer/encode/escpos-bytes.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';

/** Smaller than every job's id, which begin at 1. */
export const probeProcessId = 0;
const answerMsMax = 1_000;
/** 8,194 bytes at 9600 baud take 8.6 s. */
const answerAfterFlushMsMax = 10_000;

/**
 * Finds out what a ready printer answers. Asks nothing but status of one that never answered a status question: it
 * may print what it does not understand.
 */
export async function probeCapabilities(line: PrinterLine): Promise<PrinterCapabilities> {
  const fence = (await askFence(line, answerMsMax)) || (await askFenceAfterFlush(line));
  const processId = await line.ask({
    bytes: processIdCommand(probeProcessId),
    timeoutMs: answerMsMax,
    match: (event) =>
      event.type === 'process-id' && event.processId === probeProcessId ? true : null,
  });
  const cutCounter = await askCutCount(line);
  return {
    realTimeStatus: true,
    fence,
    processId: processId !== null,
    cutCounter: cutCounter !== null,
  };
}

/** Strokes of the cutter so far; null when not answered. */
export function askCutCount(line: PrinterLine, timeoutMs = answerMsMax): Promise<number | null> {
  return line.ask({
    bytes: escpos.cutCounter,
    timeoutMs,
    match: (event) => (event.type === 'counter' ? event.value : null),
  });
}

async function askFence(line: PrinterLine, timeoutMs: number): Promise<boolean> {
  const answer = await line.ask({
    bytes: escpos.fence,
    timeoutMs,
    match: (event) => (event.type === 'fence' ? true : null),
  });
  return answer !== null;
}

/** A printer left in the middle of an image by an earlier run of the program takes the question for dots. */
async function askFenceAfterFlush(line: PrinterLine): Promise<boolean> {
  const flushed = await line.send(nulFlush());
  return flushed.ok && (await askFence(line, answerAfterFlushMsMax));
}
