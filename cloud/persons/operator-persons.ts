import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { newId, type OperatorId, type PersonId } from '#shared/ids/ids.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Somebody who works for the operator. */
export interface OperatorPerson {
  readonly personId: PersonId;
  readonly name: string;
}

/** A key must be so old: who holds the operator's token cannot make a second person and be both within the hour. */
export const personAgeMsMin = 86_400_000;
const keyBytes = 32;

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Makes a person. The key is told once and stored nowhere. */
export async function makePerson(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>,
  name: string,
): Promise<OperatorPerson & { readonly key: string }> {
  const key = Buffer.from(deps.random.bytes(keyBytes)).toString('base64url');
  const personId = newId('prs', deps);
  await deps.db.execute(sql`
    insert into operator_person (operator_id, person_id, name, key_hash, made_at_ms)
    values (${deps.operatorId}, ${personId}, ${name}, ${hashOf(key)}, ${deps.clock.nowMs()})`);
  return { personId, name, key };
}

/** Persons on one page. */
export const personsListedMax = 100;

export interface ListedPerson extends OperatorPerson {
  readonly madeAtMs: number;
  /** Since then his key is good for nothing; null: it has not ended. */
  readonly endedAtMs: number | null;
}

/** The operator's persons, also those whose keys ended, by id after `after`: the oldest first. */
export async function listPersons(
  db: Db,
  page: { readonly operatorId: OperatorId; readonly after: string },
): Promise<ListedPerson[]> {
  const { rows } = await db.execute<ListedPerson & Record<string, unknown>>(sql`
    select person_id as "personId", name, made_at_ms as "madeAtMs", ended_at_ms as "endedAtMs"
      from operator_person
     where operator_id = ${page.operatorId} and person_id > ${page.after}
     order by person_id limit ${personsListedMax}`);
  return rows;
}

/** Whose key this is; undefined when nobody's, ended, or too young. */
export async function personOfKey(
  db: Db,
  asked: { readonly operatorId: OperatorId; readonly key: string; readonly nowMs: number },
): Promise<OperatorPerson | undefined> {
  const { rows } = await db.execute<{ person_id: PersonId; name: string }>(sql`
    select person_id, name from operator_person
     where operator_id = ${asked.operatorId} and key_hash = ${hashOf(asked.key)}
       and ended_at_ms is null and made_at_ms <= ${asked.nowMs - personAgeMsMin}`);
  const [row] = rows;
  return row === undefined ? undefined : { personId: row.person_id, name: row.name };
}

/** His key is good for nothing any more. False when there is no such person. */
export async function endPerson(
  db: Db,
  person: { readonly operatorId: OperatorId; readonly personId: PersonId; readonly nowMs: number },
): Promise<boolean> {
  const { rows } = await db.execute(sql`
    update operator_person set ended_at_ms = ${person.nowMs}
     where operator_id = ${person.operatorId} and person_id = ${person.personId}
       and ended_at_ms is null
    returning 1`);
  return rows.length === 1;
}
