import { useState, type ReactNode } from 'react';
import type { ProbeAnswer } from '#terminal/ipc/devices.ts';
import { useApp, useNow } from '../../app/context.ts';
import { secondsBetween } from '../../format/time.ts';
import { errorWords } from '../../i18n/language.ts';
import { faultOf, probeOf, withProbed, type BindDraft, type FieldProps } from './bind-draft.ts';
import { probeStatus } from './probe-words.ts';
import { StatusLine } from '../status-line.tsx';
import { refusalOf, useRequest } from '../../app/use-request.ts';

/** Asks a printer or a box whether it answers, at several speeds, before it gets its role. */
export function ProbeBox({ draft, change }: FieldProps): ReactNode {
  const { words, language } = useApp();
  const { bind } = words.devices;
  const probe = useRequest('devices.probe');
  const [answer, setAnswer] = useState<ProbeAnswer | null>(null);
  const request = probeOf(draft);
  if (request === null) return null;
  const ask = async (): Promise<void> => {
    setAnswer(null);
    const given = await probe.send(request);
    if (!given.ok) return;
    setAnswer(given.value);
    if (given.value.found) change({ wire: withProbed(draft, given.value.transport).wire });
  };
  const refused = refusalOf(probe.state);
  return (
    <div className="probe">
      <div className="row">
        <button
          type="button"
          className="button"
          disabled={probe.state === 'asking' || !canAsk(draft)}
          onClick={() => void ask()}
        >
          {bind.probe}
        </button>
        {probe.state === 'asking' && <Progress />}
        {probe.state !== 'asking' && answer === null && refused === null && (
          <p className="label">{bind.probeHint}</p>
        )}
        {refused !== null && (
          <StatusLine
            status={{ tone: 'amber', sign: 'alert', text: errorWords(refused, language) }}
          />
        )}
        {answer && <StatusLine status={probeStatus(answer, request.as, words, language)} />}
      </div>
      {answer && <Tried answer={answer} />}
    </div>
  );
}

const canAsk = (draft: BindDraft): boolean => ['appId', null].includes(faultOf(draft));

const countPeriodMs = 500;

function Progress(): ReactNode {
  const { words, clock } = useApp();
  const [sinceMs] = useState(() => clock.nowMs());
  const nowMs = useNow(countPeriodMs);
  return (
    <p className="probing" role="status">
      <i className="probing-bar" />
      {words.devices.bind.probing(secondsBetween(sinceMs, nowMs))}
    </p>
  );
}

/** Each speed with what became of it; one speed alone is no list. */
function Tried({ answer }: { readonly answer: ProbeAnswer }): ReactNode {
  const { words, language } = useApp();
  const { bind } = words.devices;
  const speeds = answer.tried.filter(({ baudRate }) => baudRate !== null);
  if (speeds.length < 2) return null;
  return (
    <ul className="tried" aria-label={bind.speedTried}>
      {speeds.map(({ baudRate, code }) => (
        <li key={baudRate} className={code === null ? 'tried-yes' : ''}>
          <b>{baudRate}</b>{' '}
          {code === null
            ? bind.answered
            : code === 'device-no-answer'
              ? bind.noAnswer
              : errorWords(code, language)}
        </li>
      ))}
    </ul>
  );
}
