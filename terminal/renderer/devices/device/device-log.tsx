import { useRef, useState, type ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useAnswer, useApp } from '../../app/context.ts';
import { millisText } from '../../format/time.ts';
import { errorWords } from '../../i18n/language.ts';

/** The last bytes of its wire, for a person who mends it. The agent has masked the codes. */
export function DeviceLog({ role }: { readonly role: DeviceDetail['role'] }): ReactNode {
  const { words, language } = useApp();
  const [turn, setTurn] = useState(0);
  const [copied, setCopied] = useState<'no' | 'yes' | 'selected'>('no');
  const text = useRef<HTMLPreElement>(null);
  const answer = useAnswer('devices.log', { role }, turn);
  const lines = answer?.ok ? answer.value.lines.map(readableLine) : [];
  const copy = async (): Promise<void> => {
    setCopied((await copyText(lines.join('\n'), text.current)) ? 'yes' : 'selected');
  };
  return (
    <section className="device-log" aria-label={words.devices.log}>
      <header className="row">
        <h2>{words.devices.log}</h2>
        <button
          type="button"
          className="button"
          onClick={() => {
            setTurn(turn + 1);
            setCopied('no');
          }}
        >
          {words.devices.logAgain}
        </button>
        <button
          type="button"
          className="button"
          disabled={lines.length === 0}
          onClick={() => void copy()}
        >
          {words.devices.logCopy}
        </button>
      </header>
      <p className="label" role="status">
        {copied === 'no'
          ? words.devices.logHint
          : copied === 'yes'
            ? words.devices.logCopied
            : words.devices.logSelected}
      </p>
      {answer?.ok === false && <p>{errorWords(answer.error.code, language)}</p>}
      {lines.length === 0 ? (
        <p className="empty">{words.devices.logNone}</p>
      ) : (
        // The newest line stands at the end and in sight: the column runs from the bottom.
        <div className="log-lines" tabIndex={0} role="log" aria-label={words.devices.log}>
          <pre ref={text}>{lines.join('\n')}</pre>
        </div>
      )}
    </section>
  );
}

/** The agent counts milliseconds since 1970; who mends it compares with the clock on the wall. */
const readableLine = (line: string): string =>
  line.replace(/^\d+(?= #)/, (wallMs) => millisText(Number(wallMs)));

/** False where the clipboard is refused: then the text is selected, and the copy key takes it. */
async function copyText(text: string, shown: Node | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return false;
  }
}
