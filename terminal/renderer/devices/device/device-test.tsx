import type { ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp, useNow } from '../../app/context.ts';
import { secondsText } from '../../format/time.ts';
import { errorWords } from '../../i18n/language.ts';
import { outcomeStatus, waitingStatus } from '../device-words.ts';
import { StatusLine } from '../status-line.tsx';
import { refusalOf, useRequest } from '../../app/use-request.ts';

/** What the test does, or how the last one went, and the button that starts it. */
export function DeviceTestRow({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words } = useApp();
  const test = useRequest('devices.test');
  const isWaiting = device.test?.type === 'waiting';
  return (
    <div className="device-test">
      <TestLine device={device} refused={refusalOf(test.state)} />
      <button
        type="button"
        className="button"
        aria-label={`${words.devices.test} ${words.device[device.role]}`}
        disabled={device.state === 'absent' || test.state === 'asking' || isWaiting}
        onClick={() => void test.send({ role: device.role })}
      >
        {isWaiting ? words.devices.testing : words.devices.test}
      </button>
    </div>
  );
}

function TestLine({
  device,
  refused,
}: {
  readonly device: DeviceDetail;
  readonly refused: string | null;
}): ReactNode {
  const { words, language } = useApp();
  const problem = (code: string): string => errorWords(code, language);
  if (refused !== null)
    return <StatusLine status={{ tone: 'amber', sign: 'alert', text: problem(refused) }} />;
  const { test } = device;
  if (test === null) return <p className="label">{words.devices.testWhat[device.role]}</p>;
  if (test.type === 'waiting') return <WaitingLine device={device} untilMs={test.untilMs} />;
  return (
    <StatusLine
      status={outcomeStatus(device, test, { words, problem })}
      more={words.devices.testAt(secondsText(test.atMs))}
    />
  );
}

const countdownPeriodMs = 500;

function WaitingLine({
  device,
  untilMs,
}: {
  readonly device: DeviceDetail;
  readonly untilMs: number | null;
}): ReactNode {
  const { words } = useApp();
  return (
    <StatusLine
      status={waitingStatus(device, untilMs, { words, nowMs: useNow(countdownPeriodMs) })}
    />
  );
}
