import path from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { leaveFailedFiles } from './failed-files.ts';

/**
 * Ends a run with what was skipped, by name, and one plain line of counts. Under
 * GREENTILL_REQUIRE_E2E=1 (CI) a test that was skipped for want of a browser or of socat fails the
 * run. Excused is only what no registry offers: an Electron binary, and the foreign parser
 * escpos-tools, which is fetched by hand. The files that failed are left for `run-again.ts`, unless
 * something besides a test went wrong as well.
 */
const excused = /no Electron binary|needs GREENTILL_ESCPOS_TOOLS/;

export function createSummaryReporter(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[], unhandled) {
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const inState = (state: string) => tests.filter((test) => test.result().state === state);
      const skipped = inState('skipped').map((test) => test.fullName);
      if (skipped.length > 0) {
        console.log('\nSkipped on this machine:');
        for (const name of skipped) console.log(`  - ${name}`);
      }
      const unexcused = skipped.filter((name) => !excused.test(name));
      const mustRunAll = process.env['GREENTILL_REQUIRE_E2E'] === '1';
      const failed = modules.filter((module) => module.state() === 'failed');
      const isOfTests = unhandled.length === 0 && !(mustRunAll && unexcused.length > 0);
      leaveFailedFiles(isOfTests ? failed.map(({ moduleId }) => relative(moduleId)) : []);
      if (mustRunAll && unexcused.length > 0) {
        console.error(`\n${unexcused.length} tests were skipped where all must run.`);
        process.exitCode = 1;
      }
      console.log(
        `\n${inState('passed').length} passed, ${inState('failed').length} failed, ${skipped.length} skipped`,
      );
    },
  };
}

const relative = (file: string): string => path.relative(process.cwd(), file);
