import Type, { type Static } from 'typebox';
import { personOfKey, type OperatorPerson } from '#cloud/persons/operator-persons.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { ProblemInput } from '#cloud/platform/problem.ts';

/** Bodies take what they name and nothing else. */
export const strict = { additionalProperties: false } as const;
export const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** Who acts: beside the operator's token, a key that only one person holds. */
export const PersonHeadersSchema = Type.Object({
  'x-person-key': Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
/** What a person says when he ends something. */
export const NoteSchema = Type.String({ minLength: 3, maxLength: 300 });
/** What a person says when he begins something that another one has to agree to. */
export const WhySchema = Type.String({ minLength: 10, maxLength: 500 });

/** The answer to whoever brings no key of a person, or one that ended or is too young. */
export const nobody: ProblemInput = { status: 403, code: 'person-key-invalid' };

/** The person whose key came with the request; undefined: answer {@link nobody}. */
export async function personOf(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>,
  headers: Static<typeof PersonHeadersSchema>,
): Promise<OperatorPerson | undefined> {
  const key = headers['x-person-key'];
  if (key === undefined) return undefined;
  return await personOfKey(deps.db, { ...deps, key, nowMs: deps.clock.nowMs() });
}
