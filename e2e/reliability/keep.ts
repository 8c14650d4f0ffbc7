import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { reliabilityPage, type KeptParts, type KeptRuns } from './page.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');
export const pageFile = path.join(docs, 'reliability.md');
const runsFile = path.join(docs, 'reliability.json');
const partsFile = path.join(docs, 'nightly.json');

const read = (file: string): unknown =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
export const keptRuns = (): KeptRuns => read(runsFile) as KeptRuns;
export const keptParts = (): KeptParts => read(partsFile) as KeptParts;

/** Puts runs among the kept ones, in place of those with the same name, and writes the page anew. */
export async function keep(fresh: {
  readonly runs?: KeptRuns;
  readonly parts?: KeptParts;
}): Promise<void> {
  const runs = { ...keptRuns(), ...fresh.runs };
  const parts = { ...keptParts(), ...fresh.parts };
  writeFileSync(runsFile, await dressed(JSON.stringify(runs), 'json'));
  writeFileSync(partsFile, await dressed(JSON.stringify(parts), 'json'));
  writeFileSync(pageFile, await pageOf(runs, parts));
}

/** The page as it stands in the repository. */
export const pageOf = (runs: KeptRuns, parts: KeptParts): Promise<string> =>
  dressed(reliabilityPage(runs, parts), 'markdown');

const dressed = async (text: string, parser: string): Promise<string> =>
  format(text, { ...(await resolveConfig(pageFile)), parser });
