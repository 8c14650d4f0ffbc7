import { printerProfiles } from '#drivers/printer/profiles/printer-profiles.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import type { DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import type { deviceMethods } from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

export interface DeviceHandlerDeps {
  readonly devices: DeviceSet;
  readonly tests: DeviceTests;
  /** Queues a paper or a kick; answers its job id. */
  readonly queue: (job: {
    readonly kind: 'test' | 'drawer';
    readonly copy: 1;
    readonly reason: string;
  }) => Result<string, ErrorCode>;
}

const testReason = 'test';

/** The methods of terminal/ipc/devices.ts. */
export function createDeviceHandlers(
  deps: DeviceHandlerDeps,
): Pick<Handlers, keyof typeof deviceMethods> {
  const { devices } = deps;
  return {
    'devices.list': () => ok({ devices: [...devices.details()] }),
    'devices.candidates': async () => {
      const { candidates, problems } = await devices.candidates();
      return ok({ candidates, problems: [...problems] });
    },
    'devices.profiles': () =>
      ok({ profiles: printerProfiles.map(({ id, name, paperMm }) => ({ id, name, paperMm })) }),
    'devices.bind': async ({ device, replace }) =>
      done(await devices.bind(device, replace ?? false)),
    'devices.unbind': async ({ role }) => done(await devices.unbind(role)),
    'devices.probe': (request) => devices.probe(request),
    'devices.test': ({ role }) => done(test(role, deps)),
    'devices.log': ({ role }) => {
      const lines = devices.recentBytes(role);
      return lines === null ? err('device-missing') : ok({ lines: [...lines] });
    },
    'drawer.calibrate': ({ isOpen }) => {
      const next = devices.calibrateDrawer(isOpen);
      return next.ok ? ok({ next: next.value }) : next;
    },
  };
}

const done = (outcome: Result<unknown, ErrorCode>): Result<Record<string, never>, ErrorCode> =>
  outcome.ok ? ok({}) : outcome;

function test(
  role: DeviceView['role'],
  { devices, tests, queue }: DeviceHandlerDeps,
): Result<unknown, ErrorCode> {
  const view = devices.views().find((each) => each.role === role);
  if (!view) return err('device-missing');
  switch (role) {
    case 'printer':
    case 'drawer': {
      const kind = role === 'printer' ? 'test' : 'drawer';
      const queued = queue({ kind, copy: 1, reason: testReason });
      if (queued.ok) tests.followJob(role, queued.value);
      return queued;
    }
    case 'scanner':
      if (view.state !== 'online') return err('device-missing');
      tests.awaitScan();
      return ok({});
    case 'display': {
      const shown = devices.display()?.test() ?? err('device-missing');
      tests.over(role, shown.ok ? null : shown.error);
      return ok({});
    }
    case 'box-pos':
      return testBox({ devices, tests });
  }
}

/** Its driver shakes hands on every connection and keeps asking: how that stands is the test. No money moves. */
function testBox({
  devices,
  tests,
}: Pick<DeviceHandlerDeps, 'devices' | 'tests'>): Result<unknown, ErrorCode> {
  const status = devices.boxPos()?.status();
  if (!status) return err('device-missing');
  tests.over('box-pos', status.state === 'offline' ? (status.code ?? 'device-no-answer') : null);
  return ok({});
}
