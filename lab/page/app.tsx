import { useEffect, useId, useState, type ReactNode } from 'react';
import { Cards } from './cards.tsx';
import { Charts } from './charts/charts.tsx';
import { Controls } from './controls.tsx';
import { decimal, signedPercent } from './numbers.ts';
import type { Answer, Picture } from './picture.ts';
import { dialsOf, rulesOf, settingOf, tradeOf, type Setting } from './setting.ts';
import { useLab } from './use-lab.ts';
import { wordsOf, type Language, type LabWords } from './words.ts';

const languageTags: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' };

export function LabApp({ first }: { readonly first: Language }): ReactNode {
  const [language, setLanguage] = useState<Language>(first);
  const [setting, setSetting] = useState<Setting>(() => settingOf('exactly-15'));
  const words = wordsOf(language);
  const { answer, busy } = useLab({
    trade: tradeOf(setting),
    months: setting.months,
    dials: dialsOf(setting),
    ...rulesOf(setting),
  });
  useEffect(() => {
    document.documentElement.lang = languageTags[language];
    document.title = words.title;
  }, [language, words]);
  return (
    <div className="lab">
      <header className="lab-top">
        <h1>
          <span className="brand">绿点</span> {words.title}
        </h1>
        <p className="lead">{words.lead}</p>
        <button
          type="button"
          className="button language"
          onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        >
          {words.otherLanguage}
        </button>
      </header>
      <Controls words={words} language={language} setting={setting} onSetting={setSetting} />
      <main className={busy ? 'lab-main is-busy' : 'lab-main'} aria-busy={busy}>
        <Result words={words} answer={answer} floor={setting.kappa / 100} />
      </main>
    </div>
  );
}

function Result({
  words,
  answer,
  floor,
}: {
  readonly words: LabWords;
  readonly answer: Answer | undefined;
  readonly floor: number;
}): ReactNode {
  const [cursor, setCursor] = useState(Number.MAX_SAFE_INTEGER);
  if (answer === undefined) return <p className="loading">{words.working}</p>;
  if (!answer.ok)
    return (
      <p className="card refused" role="alert">
        {words.refused(answer.error)}
      </p>
    );
  const { funded, literal, tookMs } = answer;
  const count = funded.fund.length;
  const index = Math.min(cursor, count - 1);
  return (
    <>
      <Cards words={words} funded={funded} literal={literal} />
      <Guest words={words} funded={funded} literal={literal} />
      <Charts
        words={words}
        funded={funded}
        literal={literal}
        floor={floor}
        cursor={index}
        onCursor={setCursor}
      />
      <MonthCursor words={words} index={index} count={count} onCursor={setCursor} />
      <footer className="lab-foot">
        <span>{words.noPromise}</span>
        <span className="took">
          {words.took(Number(decimal(tookMs, 0).replaceAll(',', '')), count)}
        </span>
      </footer>
    </>
  );
}

/** What the whale does to the others, or the ring to itself, in one sentence. */
function Guest({
  words,
  funded,
  literal,
}: {
  readonly words: LabWords;
  readonly funded: Picture;
  readonly literal: Picture;
}): ReactNode {
  const [ours, theirs] = [guestText(funded), guestText(literal)];
  if (funded.guest === undefined || ours === undefined) return null;
  return <p className="card guest">{words.guest[funded.guest.type](ours, theirs ?? '-')}</p>;
}

function guestText({ guest }: Picture): string | undefined {
  if (guest === undefined) return undefined;
  return signedPercent(guest.type === 'ring' ? guest.gain : guest.othersChange);
}

function MonthCursor(props: {
  readonly words: LabWords;
  readonly index: number;
  readonly count: number;
  readonly onCursor: (index: number) => void;
}): ReactNode {
  const { words, index, count, onCursor } = props;
  const id = useId();
  return (
    <div className="slider month-cursor">
      <label htmlFor={id}>{words.cursor}</label>
      <input
        id={id}
        type="range"
        min={1}
        max={count}
        value={index + 1}
        aria-valuetext={words.month(index + 1)}
        style={{ '--filled': `${(index / Math.max(1, count - 1)) * 100}%` } as React.CSSProperties}
        onChange={(event) => onCursor(Number(event.target.value) - 1)}
      />
      <output htmlFor={id}>{words.month(index + 1)}</output>
    </div>
  );
}
