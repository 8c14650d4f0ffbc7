import { useEffect, useState } from 'react';
import type { Candidate, DeviceDetail } from '#terminal/ipc/devices.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';

/** The devices of this till with all that is known of them; undefined until the first answer. */
export function useDevices(): readonly DeviceDetail[] | undefined {
  const { status } = useTill();
  const answer = useAnswer('devices.list', {}, status?.version);
  return answer?.ok ? answer.value.devices : undefined;
}

/** What is plugged in tells itself; this is for what the system tells nobody about. */
const candidatesPeriodMs = 5_000;

/** What is plugged in now, for as long as it is looked at. */
export function useCandidates(): {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly string[];
} {
  const { status } = useTill();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((last) => last + 1), candidatesPeriodMs);
    return () => clearInterval(timer);
  }, []);
  const answer = useAnswer('devices.candidates', {}, `${status?.version ?? 0} ${turn}`);
  return answer?.ok ? answer.value : nothing;
}

const nothing = { candidates: [], problems: [] };

/** While a scanner is tried, what a keyboard scanner types does not lead away from the devices. */
export function useScannerTrial(devices: readonly DeviceDetail[] | undefined): void {
  const { store } = useApp();
  const isTrying = isScannerTried(devices ?? []);
  useEffect(() => {
    if (!isTrying) return undefined;
    store.act({ type: 'try-scanner', isTrying: true });
    return () => store.act({ type: 'try-scanner', isTrying: false });
  }, [store, isTrying]);
}

const isScannerTried = (devices: readonly DeviceDetail[]): boolean =>
  devices.some(({ role, test }) => role === 'scanner' && test?.type === 'waiting');
