import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import { entryBodies, type EntryFact, type EntryType } from '#shared/wire/v1/entries.ts';

export type EntryFlaw = {
  readonly type: 'entry-type-unknown' | 'entry-body-invalid';
  readonly detail: string;
};

const detailCharsMax = 200;

const validators = new Map(
  Object.entries(entryBodies).map(([type, schema]) => [type, Compile(schema)] as const),
);

/**
 * What an entry of the journal says. A flaw parks the entry, it never blocks the journal: a type of a newer version,
 * or a body that does not fit its type.
 */
export function judgeEntry(entry: {
  readonly type: string;
  readonly body: string;
}): Result<EntryFact, EntryFlaw> {
  const validator = validators.get(entry.type);
  if (validator === undefined) return err({ type: 'entry-type-unknown', detail: entry.type });
  let body: unknown;
  try {
    body = JSON.parse(entry.body);
  } catch {
    return err({ type: 'entry-body-invalid', detail: 'not JSON' });
  }
  if (validator.Check(body)) return ok({ type: entry.type as EntryType, body } as EntryFact);
  const first = validator.Errors(body)[0];
  // The place and the rule, never the value: a parked reason is shown to people.
  const detail = `${first?.instancePath ?? ''} ${first?.message ?? ''}`;
  return err({ type: 'entry-body-invalid', detail: detail.slice(0, detailCharsMax) });
}
