import { err, ok, type Result } from '#shared/result/result.ts';

/** One option of a command. `whole` numbers are digits only: what is no number must not begin a run of an hour. */
export type OptionSpec =
  | { readonly type: 'flag' }
  | { readonly type: 'text'; readonly default?: string }
  /** May be given more than once. */
  | { readonly type: 'texts' }
  | {
      readonly type: 'whole';
      readonly min: number;
      readonly max: number;
      readonly default?: number;
    };

type ValueOf<S> = S extends { readonly type: 'flag' }
  ? boolean
  : S extends { readonly type: 'texts' }
    ? readonly string[]
    : S extends { readonly type: 'whole' }
      ? S extends { readonly default: number }
        ? number
        : number | undefined
      : S extends { readonly default: string }
        ? string
        : string | undefined;

export type ValuesOf<T> = { readonly [Name in keyof T]: ValueOf<T[Name]> };

export interface ReadWords<T> {
  readonly values: ValuesOf<T>;
  /** What stands there without an option, in its order. */
  readonly words: readonly string[];
}

type Specs = Readonly<Record<string, OptionSpec>>;

/**
 * Reads the words of a command line: `--name value`, `--name=value`, `--flag`, and at most
 * `wordsMax` words of their own. Pure. The error says in words what cannot be read: an unknown
 * option, one that is there twice, a missing value, a number that is none or out of its range, a
 * word too many.
 */
export function readWords<const T extends Specs>(
  args: readonly string[],
  specs: T,
  { wordsMax = 0 }: { readonly wordsMax?: number } = {},
): Result<ReadWords<T>, string> {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (!arg.startsWith('-')) {
      if (words.length === wordsMax) return err(`'${arg}' is a word too many`);
      words.push(arg);
      continue;
    }
    const [, name = '', , inline] = /^--([a-z][a-z-]*)(=(.*))?$/su.exec(arg) ?? [];
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) return err(`'${arg}' is no option of this command`);
    const before = given.get(name) ?? [];
    if (before.length > 0 && spec.type !== 'texts') return err(`'--${name}' is there twice`);
    if (spec.type === 'flag') {
      if (inline !== undefined) return err(`'--${name}' takes no value`);
      given.set(name, ['']);
      continue;
    }
    const next = args[index + 1];
    const isNext = inline === undefined && next !== undefined && !next.startsWith('--');
    if (isNext) index += 1;
    const value = inline ?? (isNext ? next : '');
    if (value === '') return err(`'--${name}' wants a value`);
    given.set(name, [...before, value]);
  }
  return valuesOf(specs, given, words);
}

function valuesOf<T extends Specs>(
  specs: T,
  given: ReadonlyMap<string, readonly string[]>,
  words: readonly string[],
): Result<ReadWords<T>, string> {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const all = given.get(name) ?? [];
    const value = valueOf(name, spec, all);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok({ values: values as ValuesOf<T>, words });
}

function valueOf(
  name: string,
  spec: OptionSpec,
  all: readonly string[],
): Result<boolean | string | number | readonly string[] | undefined, string> {
  const [first] = all;
  if (spec.type === 'flag') return ok(first !== undefined);
  if (spec.type === 'texts') return ok(all);
  if (spec.type === 'text') return ok(first ?? spec.default);
  if (first === undefined) return ok(spec.default);
  const { min, max } = spec;
  const number = /^\d{1,15}$/u.test(first) ? Number(first) : Number.NaN;
  return number >= min && number <= max
    ? ok(number)
    : err(`'--${name} ${first}': a whole number from ${min} to ${max} is wanted`);
}
