import type { ReactNode } from 'react';
import { Icon } from '../ui/icon.tsx';
import type { Said } from './device-words.ts';

/** A sign, a colour and words that say the same. */
export function SaidLine({
  said,
  more,
}: {
  readonly said: Said;
  readonly more?: string;
}): ReactNode {
  return (
    <p className={`said tone-${said.tone}`} role="status">
      <Icon name={said.sign} />
      <span>
        <span>{said.text}</span>
        {more !== undefined && <span className="label">{more}</span>}
      </span>
    </p>
  );
}
