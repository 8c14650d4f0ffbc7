import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Scan } from '#shared/scan/scan.ts';
import { maskCode } from '#shared/tender/recognise-code.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import type { DeviceTest } from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

/** Where the test of each role stands. Of a scanned code only its mask is kept. */
export interface DeviceTests {
  /** The next scan is the test's, for {@link scanTestMs}. */
  awaitScan(): void;
  /** True when a test was waiting and took the scan: it must not reach the till. */
  takeScan(scan: Scan): boolean;
  takeProblem(code: ErrorCode): boolean;
  /** How the test goes is how this print job goes. */
  followJob(role: Role, jobId: string): void;
  waiting(role: Role): void;
  over(role: Role, code: ErrorCode | null): void;
  forget(role: Role): void;
  of(role: Role): DeviceTest | null;
  stop(): void;
}

type Role = DeviceView['role'];

/** How long a scan is awaited; after it a customer's code goes to the till again. */
export const scanTestMs = 20_000;

export function createDeviceTests(deps: {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly job: (jobId: string) => PrintJobRow | undefined;
  readonly onChange: () => void;
}): DeviceTests {
  const tests = new Map<Role, DeviceTest | { readonly type: 'job'; readonly jobId: string }>();
  const alarm = createAlarm(deps.timers);
  const now = (): number => Math.trunc(deps.clock.nowMs());
  const set = (role: Role, test: DeviceTest): void => {
    tests.set(role, test);
    deps.onChange();
  };
  const over = (role: Role, code: ErrorCode | null): void =>
    set(
      role,
      code === null ? { type: 'passed', atMs: now() } : { type: 'failed', atMs: now(), code },
    );
  const isAwaited = (): boolean => tests.get('scanner')?.type === 'waiting';

  return {
    awaitScan: () => {
      alarm.set(scanTestMs, () => over('scanner', 'device-test-timeout'));
      set('scanner', { type: 'waiting', untilMs: now() + scanTestMs });
    },
    takeScan: ({ text, symbology, aim }) => {
      if (!isAwaited()) return false;
      alarm.clear();
      const print = symbology ?? aim;
      const kind = print === undefined ? {} : { symbology: print };
      const scan = { mask: maskCode(text), charCount: text.length, ...kind };
      set('scanner', { type: 'passed', atMs: now(), scan });
      return true;
    },
    takeProblem: (code) => {
      if (!isAwaited()) return false;
      alarm.clear();
      over('scanner', code);
      return true;
    },
    followJob: (role, jobId) => {
      tests.set(role, { type: 'job', jobId });
      deps.onChange();
    },
    waiting: (role) => set(role, { type: 'waiting', untilMs: null }),
    over,
    forget: (role) => {
      if (role === 'scanner') alarm.clear();
      tests.delete(role);
    },
    of: (role) => {
      const test = tests.get(role);
      if (test?.type !== 'job') return test ?? null;
      const job = deps.job(test.jobId);
      return job ? testOfJob(job) : null;
    },
    stop: () => alarm.clear(),
  };
}

function testOfJob(job: PrintJobRow): DeviceTest {
  const atMs = job.queuedAtMs;
  switch (job.state) {
    case 'queued':
    case 'writing':
      return { type: 'waiting', untilMs: null };
    case 'sent':
    case 'printed':
      return { type: 'passed', atMs, proof: job.state };
    case 'unknown':
    case 'abandoned':
      return { type: 'failed', atMs, code: job.code ?? 'printer-silent' };
  }
}
