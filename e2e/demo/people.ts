import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { Stage } from '../stage/stage.ts';

/** Somebody of the demo's operator, with the key that names him. */
export interface DemoPerson {
  readonly name: string;
  readonly key: string;
}

const names = ['王芳', '李强'] as const;

/**
 * Two people of the operator, once per folder. A key is good a day after it was made (docs/operations.md, People);
 * these two joined yesterday, so that what needs two people can be tried on the demo's first day.
 */
export async function demoPeople(stage: Stage, folder: string): Promise<readonly DemoPerson[]> {
  const file = path.join(folder, 'people.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as readonly DemoPerson[];
  const { db } = stage.database;
  const { rows } = await db.execute<{ operator_id: OperatorId }>(
    sql`select operator_id from operator`,
  );
  const deps = { db, clock: systemClock, random: systemRandom, operatorId: rows[0]!.operator_id };
  const people: DemoPerson[] = [];
  for (const name of names) people.push({ name, key: (await knownPerson(deps, name)).key });
  await writeFile(file, JSON.stringify(people), { mode: 0o600 });
  return people;
}
