import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Connection, Transport } from '#drivers/core/transport.ts';

/** Bits per second that receipt printers are delivered with, most likely first, for a printer without a profile. */
export const printerBauds: readonly number[] = [115_200, 19_200, 9_600, 38_400];

/** DLE EOT 1: printer status, answered at once and by a byte of its own shape. Prints nothing. */
const statusQuestion = Uint8Array.of(0x10, 0x04, 0x01);
/** 0xx1xx10 is the answer, whatever the status is. Source: Epson ESC/POS reference, DLE EOT. */
const answerMask = 0b1001_0011;
const answerShape = 0b0001_0010;
const xon = 0x11;
const xoff = 0x13;
const answerMsMax = 600;
/** A bridge may lose what is sent in its first moment. */
const questionsMax = 2;

export interface ProbeStep {
  /** null where there is no speed to choose. */
  readonly baudRate: number | null;
  readonly transport: Transport;
}

export interface ProbeTry {
  readonly baudRate: number | null;
  /** null: it answered. */
  readonly code: DeviceErrorCode | 'device-no-answer' | null;
}

export interface ProbeOutcome {
  /** The step that was answered; null when none was. */
  readonly found: ProbeStep | null;
  readonly tried: readonly ProbeTry[];
}

/**
 * Asks for the printer's status at one speed after the other until it answers. Only real-time status questions are
 * sent: nothing is printed, and a printer in the middle of a receipt goes on. A port that cannot be opened at one speed
 * cannot at another: then it stops. So it does when `cancelled` says yes.
 */
export async function probePrinter(deps: {
  readonly steps: readonly ProbeStep[];
  readonly timers: Timers;
  readonly cancelled: () => boolean;
}): Promise<ProbeOutcome> {
  const tried: ProbeTry[] = [];
  for (const step of deps.steps) {
    if (deps.cancelled()) break;
    const opened = await step.transport.open();
    if (!opened.ok) {
      tried.push({ baudRate: step.baudRate, code: opened.error.type });
      break;
    }
    const answered = await asked(opened.value, deps.timers);
    await opened.value.close();
    tried.push({ baudRate: step.baudRate, code: answered ? null : 'device-no-answer' });
    if (answered) return { found: step, tried };
  }
  return { found: null, tried };
}

async function asked(connection: Connection, timers: Timers): Promise<boolean> {
  const answer = new Promise<true>((resolve) => {
    connection.onData((chunk) => {
      // One byte alone: at a wrong speed noise comes in bursts, and some of its bytes have the shape by chance.
      const said = chunk.filter((byte) => byte !== xon && byte !== xoff);
      if (said.length === 1 && isStatus(said[0] ?? 0)) resolve(true);
    });
  });
  for (let question = 0; question < questionsMax; question += 1) {
    const sent = await connection.write(statusQuestion);
    if (!sent.ok) return false;
    let cancel = nothingScheduled;
    const silence = new Promise<false>((resolve) => {
      cancel = timers.after(answerMsMax, () => resolve(false));
    });
    const answered = await Promise.race([answer, silence]);
    cancel();
    if (answered) return true;
  }
  return false;
}

const isStatus = (byte: number): boolean => (byte & answerMask) === answerShape;
