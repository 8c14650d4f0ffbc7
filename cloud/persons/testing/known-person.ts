import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** Somebody who has worked for the operator since yesterday: his key is good. */
export const knownPerson = (
  deps: Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>,
  name: string,
): ReturnType<typeof makePerson> => {
  const { clock } = deps;
  const yesterday = { ...clock, nowMs: () => clock.nowMs() - personAgeMsMin };
  return makePerson({ ...deps, clock: yesterday }, name);
};
