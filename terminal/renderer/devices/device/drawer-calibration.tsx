import { useState, type ReactNode } from 'react';
import { useApp } from '../../app/context.ts';
import { errorWords } from '../../i18n/language.ts';
import { StatusLine } from '../status-line.tsx';
import { refusalOf, useRequest } from '../../app/use-request.ts';

type Step = 'none' | 'closed' | 'open' | 'done';

/** Two questions that teach the till which level of the drawer's switch means open. */
export function DrawerCalibration(): ReactNode {
  const { words, language } = useApp();
  const [step, setStep] = useState<Step>('none');
  const calibrate = useRequest('drawer.calibrate');
  const kick = useRequest('devices.test');
  const refused = refusalOf(calibrate.state) ?? refusalOf(kick.state);
  const tell = async (isOpen: boolean): Promise<void> => {
    const answer = await calibrate.send({ isOpen });
    if (answer.ok) return setStep(answer.value.next ?? 'done');
    // Both were forgotten: it begins again with the drawer closed.
    if (answer.error.code === 'drawer-has-no-switch') setStep('closed');
  };
  const { devices } = words;
  return (
    <div className="calibrate" role="group" aria-label={devices.calibrate}>
      {step === 'done' ? (
        <StatusLine status={{ tone: 'good', sign: 'check', text: devices.calibrateDone }} />
      ) : (
        <p className={step === 'none' ? 'label' : ''} role="status">
          {step === 'none'
            ? devices.calibrateHint
            : step === 'closed'
              ? devices.calibrateClosed
              : devices.calibrateOpen}
        </p>
      )}
      {refused !== null && (
        <StatusLine
          status={{ tone: 'amber', sign: 'alert', text: errorWords(refused, language) }}
        />
      )}
      <div className="row">
        {(step === 'none' || step === 'done') && (
          <button type="button" className="button" onClick={() => setStep('closed')}>
            {devices.calibrate}
          </button>
        )}
        {step === 'closed' && (
          <button type="button" className="button button-solid" onClick={() => void tell(false)}>
            {devices.calibrateClosedYes}
          </button>
        )}
        {step === 'open' && (
          <>
            <button
              type="button"
              className="button"
              onClick={() => void kick.send({ role: 'drawer' })}
            >
              {devices.calibrateKick}
            </button>
            <button type="button" className="button button-solid" onClick={() => void tell(true)}>
              {devices.calibrateOpenYes}
            </button>
          </>
        )}
      </div>
    </div>
  );
}
