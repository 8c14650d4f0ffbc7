import type { Timers } from '#drivers/core/timers.ts';
import type { ParsedCommand } from '#drivers/simulator/escpos/escpos-command.ts';
import {
  answerInTurn,
  autoStatusBytes,
  type PrinterFacts,
} from '#drivers/simulator/printer/printer-answers.ts';
import type { PrinterVoice } from '#drivers/simulator/printer/printer-voice.ts';

/** What a simulated printer says in the sequence of its commands, and by itself when it was told to (GS a). */
export interface PrinterSpeech {
  readonly answer: (command: ParsedCommand) => void;
  /** A switch moved. */
  readonly tellChange: () => void;
  /** Power off. */
  readonly forget: () => void;
}

export function createPrinterSpeech(deps: {
  readonly voice: PrinterVoice;
  readonly facts: () => PrinterFacts;
  readonly timers: Timers;
  readonly processIdDelayMs?: number;
}): PrinterSpeech {
  const { voice, facts } = deps;
  const delayMs = deps.processIdDelayMs ?? 0;
  /** What was told last; null: nothing is told by itself. */
  let told: string | null = null;

  const sayId = (answer: readonly number[]): void =>
    voice.say(answer, facts().lacks.has('late-process-id') ? 'lost' : 'kept');

  return {
    answer: (command) => {
      const answer = answerInTurn(command, facts());
      // ESC @ ends it too (Epson's reference of GS a).
      if (command.type === 'initialize' || command.type === 'auto-status') told = null;
      if (answer === null) return;
      if (command.type === 'auto-status') told = answer.join();
      if (command.type !== 'process-id') voice.say(answer, 'lost');
      else if (delayMs === 0) sayId(answer);
      else deps.timers.after(delayMs, () => sayId(answer));
    },
    tellChange: () => {
      const now = autoStatusBytes(facts().switches);
      if (told === null || told === now.join()) return;
      told = now.join();
      voice.say(now, 'lost');
    },
    forget: () => {
      told = null;
    },
  };
}
