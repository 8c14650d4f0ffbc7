/**
 * The desktop app runs a store command in a process of its own, because that one opens the file and this one the key
 * store of the operating system. The words of the command stand behind {@link storeFlag}, wherever the host puts its own:
 *
 *   process -> host   {type: 'outcome', exitCode: 0 | 1, text}
 */
export const storeFlag = '--store';

/** What a store command came to; `text` goes to the standard output, or to the standard error. */
export interface StoreOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** The words of a store command; undefined: there is none on this command line. */
export function storeArgsOf(args: readonly string[]): readonly string[] | undefined {
  const index = args.indexOf(storeFlag);
  return index < 0 ? undefined : args.slice(index + 1);
}

export const storeOutcomeMessage = (outcome: StoreOutcome) => ({
  type: 'outcome' as const,
  ...outcome,
});

export function readStoreOutcome(message: unknown): StoreOutcome | undefined {
  const { type, exitCode, text } = (message ?? {}) as Readonly<Record<string, unknown>>;
  if (type !== 'outcome' || typeof exitCode !== 'number' || typeof text !== 'string')
    return undefined;
  return { exitCode, text };
}
