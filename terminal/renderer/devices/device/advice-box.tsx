import type { ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp } from '../../app/context.ts';
import { errorWords } from '../../i18n/language.ts';
import { adviceOf } from '../device-words.ts';

/** Plain words for what to do now; nothing while all is well. */
export function AdviceBox({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words, language } = useApp();
  const advice = adviceOf(device);
  if (advice === null) return null;
  const { code, state, group } = advice;
  return (
    <div className="advice">
      <b>{words.devices.todo}</b>
      {group !== undefined && <p>{words.devices.permission(group)}</p>}
      {code !== undefined && group === undefined && <p>{errorWords(code, language)}</p>}
      {state !== undefined && <p>{words.devices.advice[state]}</p>}
    </div>
  );
}
