import type { Timers } from '#drivers/core/timers.ts';
import { findProfile } from '#drivers/printer/profiles/printer-profiles.ts';
import { printerBauds, probePrinter, type ProbeStep } from '#drivers/discovery/probe-printer.ts';
import { suggestRole } from '#drivers/discovery/suggest-role.ts';
import type { PortWatch } from '#drivers/discovery/port-watch.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { portKey } from '#terminal/agent/devices/ports/device-candidates.ts';
import { createDeviceLine, type LineDeps } from '#terminal/agent/devices/ports/device-line.ts';
import type { ProbeAnswer, ProbeRequest } from '#terminal/ipc/devices.ts';

/** Asks ports what they are. One question at a time per port; a binding of the port ends it. */
export interface DeviceProbe {
  run(request: ProbeRequest): Promise<Result<ProbeAnswer, ErrorCode>>;
  /** Ends the probe of this port, if there is one; resolves when the port is closed. */
  cancel(key: string | null): Promise<void>;
  stop(): Promise<void>;
}

export interface DeviceProbeDeps extends LineDeps {
  readonly timers: Timers;
  readonly watch: PortWatch;
  /** Does a device of ours hold this port? */
  readonly isBound: (key: string) => boolean;
  readonly probeBox: BoxProbe;
}

/** Says whether a box answers on this transport. */
export type BoxProbe = (
  request: Extract<ProbeRequest, { as: 'box-pos' }>,
  cancelled: () => boolean,
) => Promise<ProbeAnswer>;

interface Running {
  cancelled: boolean;
  over: Promise<unknown>;
}

export function createDeviceProbe(deps: DeviceProbeDeps): DeviceProbe {
  const running = new Map<string, Running>();

  const begin = (key: string, request: ProbeRequest): Promise<ProbeAnswer> => {
    const mine: Running = { cancelled: false, over: Promise.resolve() };
    running.set(key, mine);
    const cancelled = (): boolean => mine.cancelled;
    const asked =
      request.as === 'printer'
        ? askPrinter(request, cancelled, deps)
        : deps.probeBox(request, cancelled);
    const work = asked.finally(() => running.delete(key));
    mine.over = work.catch(() => undefined);
    return work;
  };
  const cancel = async (key: string | null): Promise<void> => {
    const here = key === null ? undefined : running.get(key);
    if (!here) return;
    here.cancelled = true;
    await here.over;
  };

  return {
    cancel,
    stop: async () => {
      await Promise.all([...running.keys()].map(cancel));
    },
    run: async (request) => {
      const key = portKey(request.transport);
      if (key === null || (await isScanner(request, deps.watch))) return err('device-unsupported');
      if (deps.isBound(key)) return err('device-bound');
      if (running.has(key)) return err('device-probing');
      return ok(await begin(key, request));
    },
  };
}

/** A scanner is never written to: bytes may change its settings. */
async function isScanner({ transport }: ProbeRequest, watch: PortWatch): Promise<boolean> {
  if (!('path' in transport)) return false;
  const { ports } = await watch.list();
  const port = ports.find((each) => each.kind === transport.type && each.path === transport.path);
  return port !== undefined && suggestRole(port)?.role === 'scanner';
}

async function askPrinter(
  { transport, profileId }: Extract<ProbeRequest, { as: 'printer' }>,
  cancelled: () => boolean,
  deps: DeviceProbeDeps,
): Promise<ProbeAnswer> {
  const stepAt = (baudRate: number | null): ProbeStep => ({
    baudRate,
    transport: createDeviceLine(
      {
        config: transport.type === 'serial' ? { ...transport, baudRate: baudRate ?? 0 } : transport,
        identity: null,
        baudDefault: 0,
      },
      deps,
    ).transport,
  });
  const bauds = transport.type === 'serial' ? baudsFrom(transport.baudRate, profileId) : [null];
  const { found, tried } = await probePrinter({
    steps: bauds.map(stepAt),
    timers: deps.timers,
    cancelled,
  });
  const answered =
    found !== null && found.baudRate !== null && transport.type === 'serial'
      ? { ...transport, baudRate: found.baudRate }
      : transport;
  return { found: found !== null, transport: answered, tried: [...tried] };
}

/** The speed that was asked for first, then those of the model, then those of any printer. */
function baudsFrom(wanted: number | undefined, profileId: string | undefined): readonly number[] {
  const first = wanted === undefined ? [] : [wanted];
  const ofModel = profileId === undefined ? [] : (findProfile(profileId)?.bauds ?? []);
  return [...new Set([...first, ...ofModel, ...printerBauds])].slice(0, baudsMax);
}

/** Six speeds take less than ten seconds. */
const baudsMax = 6;
