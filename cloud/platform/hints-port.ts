import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';

/** Tells a terminal "pull now". Never the truth: a lost hint costs time, nothing else. */
export interface Hints {
  pull(terminal: { readonly operatorId: OperatorId; readonly terminalId: TerminalId }): void;
}

/** For processes without sockets (migrations, tools, tests of other domains). */
export const silentHints: Hints = { pull: () => {} };
