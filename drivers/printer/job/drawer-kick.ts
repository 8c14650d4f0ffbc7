import { escpos } from '#drivers/printer/encode/escpos-bytes.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrintOutcome } from '#drivers/printer/job/print-outcome.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';

const fenceAnswerMsMax = 2_000;

/**
 * One pulse, never repeated by itself: a drawer that opens alone is cash on the table. Level 2 means that the printer's
 * parser passed the command; whether the drawer moved only its own switch knows.
 */
export async function kickDrawerOn(kick: {
  readonly line: PrinterLine;
  readonly capabilities: PrinterCapabilities | null;
  readonly now: 'in-sequence' | 'real-time';
}): Promise<PrintOutcome> {
  const { line, capabilities } = kick;
  const fenced = kick.now === 'in-sequence' && capabilities?.fence === true;
  const bytes =
    kick.now === 'real-time'
      ? escpos.drawerKickNow
      : [...escpos.drawerKick, ...(fenced ? escpos.fence : [])];
  const answered = fenced
    ? line.wait((event) => (event.type === 'fence' ? true : null), fenceAnswerMsMax)
    : null;
  const sent = await line.send(bytes);
  if (!sent.ok) {
    return sent.error.type === 'not-open'
      ? { type: 'not-sent', code: 'device-missing' }
      : { type: 'unknown', code: 'printer-silent' };
  }
  if (answered !== null) {
    return (await answered) === null
      ? { type: 'unknown', code: 'printer-silent' }
      : { type: 'confirmed', level: 2 };
  }
  const drained = await line.drain();
  return { type: 'confirmed', level: drained.ok ? 1 : 0 };
}
