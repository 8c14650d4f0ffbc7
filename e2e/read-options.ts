import { readWords, type OptionSpec, type ValuesOf } from '#shared/command-line/read-words.ts';

/** The largest seed that a command takes. */
export const seedMax = 4_294_967_295;

/**
 * The options of a command. `--help` prints `usage` and ends well; what the command cannot read
 * ends it with exit 2, what was wrong and `usage` on standard error: a word typed wrong is no fault
 * of the program, and begins no run of an hour.
 */
export function readOptions<const T extends Readonly<Record<string, OptionSpec>>>(
  usage: string,
  options: T,
): ValuesOf<T> {
  const args = process.argv.slice(2);
  if (args.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`usage: ${usage}\n`);
    process.exit(0);
  }
  const read = readWords(args, options);
  return read.ok ? read.value.values : refuseWord(usage, read.error);
}

/** Ends the command with what cannot be read, where only it knows why. */
export function refuseWord(usage: string, what: string): never {
  process.stderr.write(`${what}\nusage: ${usage}\n`);
  process.exit(2);
}
