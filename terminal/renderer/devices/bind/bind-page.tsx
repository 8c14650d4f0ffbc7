import { useState, type ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp } from '../../app/context.ts';
import { errorWords } from '../../i18n/language.ts';
import { configOf, faultOf, probeSubject, type BindDraft } from './bind-draft.ts';
import { BindFields } from './bind-fields.tsx';
import { bindKeeper } from './kept-draft.ts';
import { PageHead } from '../page-head.tsx';
import { ProbeBox } from './probe-box.tsx';
import { useDevices } from '../use-devices.ts';
import { refusalOf, useRequest } from '../../app/use-request.ts';

/** 添加设备, or one thing of a device changed: what it is for, how it is reached, whether it answers, and then: use it. */
export function BindPage(): ReactNode {
  const { words } = useApp();
  const devices = useDevices();
  const [draft, setDraft] = useState(() => bindKeeper.get());
  const title = draft?.isChange === true ? words.devices.bind.change : words.devices.bind.title;
  const change = (part: Partial<BindDraft>): void =>
    setDraft((last) => {
      const next = last && { ...last, ...part };
      bindKeeper.keep(next);
      return next;
    });
  return (
    <div className="device-page">
      <section className="card device-form">
        <PageHead onLeave={() => bindKeeper.keep(null)}>
          <h2>{title}</h2>
        </PageHead>
        {draft && devices && (
          <>
            <div className="device-fields">
              <BindFields draft={draft} devices={devices} change={change} />
            </div>
            <ProbeBox key={probeSubject(draft)} draft={draft} change={change} />
            <BindBar draft={draft} devices={devices} />
          </>
        )}
      </section>
    </div>
  );
}

/** Says what still stands in the way, and binds. */
function BindBar({
  draft,
  devices,
}: {
  readonly draft: BindDraft;
  readonly devices: readonly DeviceDetail[];
}): ReactNode {
  const { words, language, store } = useApp();
  const { send, state } = useRequest('devices.bind');
  const fault = faultOf(draft);
  const present = draft.isChange ? undefined : devices.find(({ role }) => role === draft.role);
  const refused = refusalOf(state);
  const bind = async (): Promise<void> => {
    const device = configOf(draft, draft.role === null ? '' : words.device[draft.role]);
    if (!device.ok) return;
    const replaces = draft.isChange || present !== undefined;
    const answer = await send({ device: device.value, ...(replaces ? { replace: true } : {}) });
    if (!answer.ok) return;
    bindKeeper.keep(null);
    store.act({ type: 'open-device', role: device.value.role });
  };
  const hint =
    refused !== null
      ? errorWords(refused, language)
      : fault !== null
        ? words.devices.bind.missing[fault]
        : present && words.devices.bind.replaces(present.name);
  return (
    <footer className="device-bar">
      <p role="status" className={refused === null ? 'label' : 'tone-amber'}>
        {hint}
      </p>
      <button
        type="button"
        className="button button-solid button-main"
        disabled={fault !== null || state === 'asking'}
        onClick={() => void bind()}
      >
        {state === 'asking' ? words.devices.bind.busy : words.devices.bind[verbOf(draft, present)]}
      </button>
    </footer>
  );
}

const verbOf = (
  { isChange }: BindDraft,
  present: DeviceDetail | undefined,
): 'save' | 'replaceUse' | 'use' => (isChange ? 'save' : present ? 'replaceUse' : 'use');
