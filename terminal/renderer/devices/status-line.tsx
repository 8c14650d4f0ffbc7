import type { ReactNode } from 'react';
import { Icon } from '../ui/icon.tsx';
import type { StatusText } from './device-words.ts';

/** A sign, a colour and words that say the same. */
export function StatusLine({
  status,
  more,
}: {
  readonly status: StatusText;
  readonly more?: string;
}): ReactNode {
  return (
    <p className={`said tone-${status.tone}`} role="status">
      <Icon name={status.sign} />
      <span>
        <span>{status.text}</span>
        {more !== undefined && <span className="label">{more}</span>}
      </span>
    </p>
  );
}
