import type { ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useAnswer, useApp } from '../../app/context.ts';
import { errorWords } from '../../i18n/language.ts';
import { withProfile } from '../bind/bind-draft.ts';
import { refusalOf, useRequest } from '../../app/use-request.ts';

/** The printer says which model it is, and another one is set: one press puts that right. */
export function BetterProfile({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words, language } = useApp();
  const answer = useAnswer('devices.profiles', {});
  const bind = useRequest('devices.bind');
  const { model, suggestedProfileId: better, fixed } = device;
  if (model === undefined || better === undefined) return null;
  const profiles = answer?.ok ? answer.value.profiles : [];
  const name = profiles.find(({ id }) => id === better)?.name ?? better;
  const refused = refusalOf(bind.state);
  return (
    <div className="advice better">
      <p>{words.devices.better(model, name)}</p>
      {refused !== null && <p>{errorWords(refused, language)}</p>}
      {!fixed && (
        <button
          type="button"
          className="button"
          disabled={bind.state === 'asking'}
          onClick={() =>
            void bind.send({ device: withProfile(device.config, better), replace: true })
          }
        >
          {words.devices.betterUse}
        </button>
      )}
    </div>
  );
}
