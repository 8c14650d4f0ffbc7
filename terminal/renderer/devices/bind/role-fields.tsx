import type { ReactNode } from 'react';
import { useAnswer, useApp } from '../../app/context.ts';
import type { FieldProps } from './bind-draft.ts';
import { Row, TextRow } from './form-rows.tsx';

const papers = [58, 80] as const;

/** Paper and model. Who does not know the model gets what works on any printer with such paper. */
export function PrinterFields({ draft, change }: FieldProps): ReactNode {
  const { words } = useApp();
  const { bind } = words.devices;
  const answer = useAnswer('devices.profiles', {});
  const profiles = answer?.ok ? answer.value.profiles : [];
  const fitting = profiles.filter(
    ({ id, paperMm }) => paperMm === draft.paperMm && !id.startsWith('generic-'),
  );
  return (
    <>
      <Row label={bind.paper}>
        <div className="choices" role="group" aria-label={bind.paper}>
          {papers.map((paperMm) => (
            <button
              key={paperMm}
              type="button"
              className="choice"
              aria-pressed={draft.paperMm === paperMm}
              onClick={() => change({ paperMm, profileId: null })}
            >
              {words.devices.millimetres(paperMm)}
            </button>
          ))}
        </div>
      </Row>
      <Row label={bind.profile}>
        <select
          className="field"
          aria-label={bind.profile}
          value={draft.profileId ?? ''}
          onChange={({ target }) => change({ profileId: target.value || null })}
        >
          <option value="">{bind.profileUnknown}</option>
          {fitting.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Row>
    </>
  );
}

/** Proper names, as they stand in the manuals. `bcd2` is not offered: no setting carries its field table yet. */
const protocols = [
  ['ecr-hub', 'ECR-Hub'],
  ['transbank', 'Transbank'],
] as const;

const appIdCharsMax = 64;

export function BoxFields({ draft, change }: FieldProps): ReactNode {
  const { bind } = useApp().words.devices;
  return (
    <>
      <Row label={bind.protocol}>
        <div className="choices" role="group" aria-label={bind.protocol}>
          {protocols.map(([protocol, name]) => (
            <button
              key={protocol}
              type="button"
              className="choice"
              aria-pressed={draft.protocol === protocol}
              onClick={() => change({ protocol })}
            >
              {name}
            </button>
          ))}
        </div>
        <p className="label">{bind.protocolHint}</p>
      </Row>
      {draft.protocol === 'ecr-hub' && (
        <TextRow
          label={bind.appId}
          value={draft.appId}
          placeholder=""
          hint={bind.appIdHint}
          charsMax={appIdCharsMax}
          onChange={(appId) => change({ appId })}
        />
      )}
    </>
  );
}
