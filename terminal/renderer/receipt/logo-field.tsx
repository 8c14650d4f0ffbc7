import { useRef, useState, type ReactNode } from 'react';
import type { TemplateLogo } from '#terminal/ipc/receipt-template.ts';
import { useApp } from '../app/context.ts';
import { logoOf, openPicture } from './read-logo.ts';

/** Shares of the paper's width, in halves of it. */
const widths = { small: 1 / 3, middle: 1 / 2, large: 1 } as const;
type Width = keyof typeof widths;
const widthNames: readonly Width[] = ['small', 'middle', 'large'];

/** A picture becomes black and white dots here, in the window: the till never sees the picture itself. */
export function LogoField({
  logo,
  paperDots,
  onChange,
}: {
  readonly logo: TemplateLogo | null;
  readonly paperDots: number;
  readonly onChange: (logo: TemplateLogo | null) => void;
}): ReactNode {
  const { words } = useApp();
  const chooser = useRef<HTMLInputElement>(null);
  const [width, setWidth] = useState<Width>('middle');
  const [picture, setPicture] = useState<ImageBitmap | null>(null);
  const [isUnreadable, setUnreadable] = useState(false);

  const draw = (from: ImageBitmap | null, share: Width): void => {
    const next = from && logoOf(from, Math.floor((paperDots * widths[share]) / 8) * 8);
    if (next) onChange(next);
  };
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const opened = await openPicture(file);
    setUnreadable(opened === null);
    setPicture(opened);
    draw(opened, width);
  };
  return (
    <>
      <div className="choices">
        <input
          ref={chooser}
          type="file"
          accept="image/*"
          className="only-read"
          tabIndex={-1}
          aria-label={words.receiptSetup.chooseLogo}
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <button type="button" className="button" onClick={() => chooser.current?.click()}>
          {words.receiptSetup.chooseLogo}
        </button>
        {picture &&
          widthNames.map((name) => (
            <button
              key={name}
              type="button"
              className="choice"
              aria-pressed={width === name}
              onClick={() => {
                setWidth(name);
                draw(picture, name);
              }}
            >
              {words.receiptSetup.logoWidth[name]}
            </button>
          ))}
        {logo && (
          <button type="button" className="button" onClick={() => onChange(null)}>
            {words.receiptSetup.removeLogo}
          </button>
        )}
      </div>
      {isUnreadable && <p className="tone-amber">{words.receiptSetup.pictureUnreadable}</p>}
    </>
  );
}
