import type { ReactNode } from 'react';

const radius = 64;
/** Longer numbers are set smaller: three digits would reach into the ring. */
const twoDigitsMax = 99;

/** A ring that empties with the time that is left; `turning` says that there is no deadline to count to. */
export function Ring({
  seconds,
  share,
  turning = false,
  label,
}: {
  readonly seconds: number;
  /** 0..1 of the ring that is drawn. */
  readonly share: number;
  readonly turning?: boolean;
  readonly label: string;
}): ReactNode {
  return (
    <div className={`ring ${turning ? 'ring-turning' : ''}`} role="timer" aria-label={label}>
      <svg viewBox="0 0 150 150" aria-hidden="true">
        <circle className="ring-track" cx="75" cy="75" r={radius} />
        <circle
          className="ring-left"
          cx="75"
          cy="75"
          r={radius}
          pathLength={1}
          strokeDasharray={turning ? '0.3 0.7' : `${share} 1`}
        />
      </svg>
      <span className={seconds > twoDigitsMax ? 'ring-long' : undefined}>{seconds}</span>
    </div>
  );
}
