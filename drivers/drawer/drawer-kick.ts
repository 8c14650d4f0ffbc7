import type { Result } from '#shared/result/result.ts';
import type { WriteError } from '#drivers/core/transport.ts';
import { escpos } from '#drivers/printer/encode/escpos-bytes.ts';
import type { PrintOutcome } from '#drivers/printer/print-outcome.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';

const fenceAnswerMsMax = 2_000;

/**
 * One pulse, never repeated by itself: a drawer that opens alone is cash on the table. Level 2 means that the printer's
 * parser passed the command; whether the drawer moved only its own switch knows (drawer-sense.ts).
 */
export function kickDrawerOn(kick: {
  readonly line: PrinterLine;
  readonly capabilities: PrinterCapabilities | null;
  readonly now: 'in-sequence' | 'real-time';
}): Promise<PrintOutcome> {
  const { line, capabilities, now } = kick;
  if (now === 'real-time') return kickUnanswered(line, escpos.drawerKickNow);
  return capabilities?.fence === true
    ? line.inSequence(() => kickWithFence(line))
    : kickUnanswered(line, escpos.drawerKick);
}

async function kickWithFence(line: PrinterLine): Promise<PrintOutcome> {
  const answered = line.wait((event) => (event.type === 'fence' ? true : null), fenceAnswerMsMax);
  const sent = await line.send([...escpos.drawerKick, ...escpos.fence]);
  if (!sent.ok) return failed(sent.error);
  return (await answered) === null
    ? { type: 'unknown', code: 'printer-silent' }
    : { type: 'confirmed', level: 2 };
}

async function kickUnanswered(line: PrinterLine, bytes: readonly number[]): Promise<PrintOutcome> {
  const sent: Result<void, WriteError> = await line.send(bytes);
  if (!sent.ok) return failed(sent.error);
  const drained = await line.drain();
  return { type: 'confirmed', level: drained.ok ? 1 : 0 };
}

const failed = (error: WriteError): PrintOutcome =>
  error.type === 'not-open'
    ? { type: 'not-sent', code: 'device-missing' }
    : { type: 'unknown', code: 'printer-silent' };
