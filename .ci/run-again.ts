// After a red run of the tests: runs the files that failed once more, alone, and names them either way. A real till, a
// browser and a database in each of several files at once can starve on two cores; what fails alone, too, is broken.
import { spawnSync } from 'node:child_process';
import { readFailedFiles, runAgainMax } from './failed-files.ts';

const files = readFailedFiles();
if (files.length === 0 || files.length > runAgainMax) {
  console.error(
    `\nNot run again: ${files.length} files are to blame (1 to ${runAgainMax} would be).`,
  );
  process.exit(1);
}
const { status } = spawnSync('vitest', ['run', '--maxWorkers=1', ...files], { stdio: 'inherit' });
console.error(
  `\n${status === 0 ? 'Failed beside others, passed alone' : 'Failed beside others, and alone'}:`,
);
for (const file of files) console.error(`  - ${file}`);
process.exit(status ?? 1);
