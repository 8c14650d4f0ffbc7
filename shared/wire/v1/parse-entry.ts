import { Compile, type Validator } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  entryBodies,
  entryBodyCharsMax,
  type EntryFact,
  type EntryType,
} from '#shared/wire/v1/entries.ts';

export type EntryParseError =
  | { readonly type: 'entry-type-unknown'; readonly entryType: string }
  /** `path` is a JSON pointer to the first thing that does not fit; '' is the body itself. */
  | { readonly type: 'entry-body-invalid'; readonly path: string };

/** What an entry means. Its hash says that it is what was written; this says whether we understand it. */
export function parseEntry(wire: {
  readonly type: string;
  readonly body: string;
}): Result<EntryFact, EntryParseError> {
  const validator = validatorOf(wire.type);
  if (validator === undefined) return err({ type: 'entry-type-unknown', entryType: wire.type });
  const body = wire.body.length <= entryBodyCharsMax ? parseJson(wire.body) : undefined;
  if (body === undefined) return err({ type: 'entry-body-invalid', path: '' });
  if (!validator.Check(body)) {
    const [first] = validator.Errors(body);
    return err({ type: 'entry-body-invalid', path: first?.instancePath ?? '' });
  }
  return ok({ type: wire.type, body } as EntryFact);
}

export const isEntryType = (type: string): type is EntryType => Object.hasOwn(entryBodies, type);

/** Each schema is compiled once, when its first entry comes: a till that starts needs few of them. */
const compiled = new Map<string, Validator>();

/** One look-up for a type that came before; undefined: there is no such type. */
function validatorOf(type: string): Validator | undefined {
  const known = compiled.get(type);
  if (known !== undefined) return known;
  if (!isEntryType(type)) return undefined;
  const validator: Validator = Compile(entryBodies[type]);
  compiled.set(type, validator);
  return validator;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
