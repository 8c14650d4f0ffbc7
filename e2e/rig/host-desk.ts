import { systemTimers } from '#drivers/core/system-ports.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { createCable } from './cable.ts';
import { createJsonLines } from './json-lines.ts';
import type { CableEnd, CheckResult, GuestMessage, HostCalls, HostMessage } from './protocol.ts';
import type { Guest } from './qemu.ts';

export interface HostDesk {
  /** The names of the checks that will come; empty until the guest has told them. */
  planned(): readonly string[];
  results(): readonly CheckResult[];
}

type Answers = {
  readonly [M in keyof HostCalls]: (
    input: HostCalls[M]['input'],
  ) => HostCalls[M]['output'] | Promise<HostCalls[M]['output']>;
};

/** Answers the guest: moves the cable, and holds the simulators at its far end. */
export function openHostDesk(guest: Guest, onResult: (result: CheckResult) => void): HostDesk {
  const results: CheckResult[] = [];
  let planned: readonly string[] = [];
  const answers = createAnswers(guest);
  const say = (message: HostMessage): void =>
    void guest.control.write(`${JSON.stringify(message)}\n`);

  const answer = async (call: Extract<GuestMessage, { readonly type: 'call' }>): Promise<void> => {
    try {
      const act = answers[call.method] as (input: unknown) => unknown;
      say({ type: 'answer', id: call.id, output: await act(call.input) });
    } catch (failure) {
      say({ type: 'refusal', id: call.id, why: String(failure) });
    }
  };
  const read = createJsonLines((raw) => {
    const message = raw as GuestMessage;
    if (message.type === 'plan') planned = message.names;
    else if (message.type === 'call') void answer(message);
    else {
      results.push(message);
      onResult(message);
    }
  });
  guest.control.setEncoding('utf8').on('data', (text: string) => read(text));
  return { planned: () => planned, results: () => results };
}

function createAnswers(guest: Guest): Answers {
  const cable = createCable(guest);
  let printer = createPrinterSimulator({ width: 48, timers: systemTimers });
  let scanner = createScannerSimulator({ timers: systemTimers });
  const ends: Record<CableEnd, (msPerLine: number) => void> = {
    printer: (msPerLine) => {
      printer = createPrinterSimulator({ width: 48, timers: systemTimers, msPerLine });
      printer.attach(cable.hand());
    },
    scanner: () => {
      // In pieces, as a slow line delivers them.
      scanner = createScannerSimulator({ timers: systemTimers, chunkBytes: 7, chunkPauseMs: 4 });
      scanner.attach(cable.hand());
    },
  };
  return {
    'cable.pull': async () => {
      await cable.pull();
      return null;
    },
    'cable.plug': async () => {
      await cable.plug();
      return null;
    },
    'cable.end': ({ end, msPerLine = 0 }) => {
      ends[end](msPerLine);
      return null;
    },
    'printer.paper': () => ({
      receipts: printer.receipts(),
      unknownCommands: printer.unknownCommands(),
      drawerKickCount: printer.drawerKickCount(),
    }),
    'scanner.scan': ({ code }) => {
      scanner.scan(code);
      return null;
    },
    done: () => null,
  };
}
