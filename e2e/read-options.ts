import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * The options of a command. `--help` prints `usage` and ends well; what the command does not know ends it with exit 2, its
 * name and `usage` on standard error: a word typed wrong is no fault of the program, and begins no run of an hour.
 */
export function readOptions<const T extends Options>(
  usage: string,
  options: T,
): ReturnType<typeof parseArgs<{ readonly options: T }>>['values'] {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`usage: ${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\nusage: ${usage}\n`,
    );
    return process.exit(2);
  }
}
