import type { ReactNode } from 'react';

/** One question of a form under its words. */
export function Row({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className="device-row">
      <h3>{label}</h3>
      {children}
    </div>
  );
}

export function TextRow({
  label,
  value,
  placeholder,
  hint,
  charsMax,
  inputMode,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly hint?: string;
  readonly charsMax: number;
  readonly inputMode?: 'numeric';
  readonly onChange: (text: string) => void;
}): ReactNode {
  return (
    <Row label={label}>
      <input
        className="field"
        value={value}
        placeholder={placeholder}
        maxLength={charsMax}
        inputMode={inputMode}
        aria-label={label}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
      />
      {hint !== undefined && <p className="label">{hint}</p>}
    </Row>
  );
}
