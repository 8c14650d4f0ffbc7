import type { ReactNode } from 'react';
import type { Candidate, DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp } from '../../app/context.ts';
import { errorWords } from '../../i18n/language.ts';
import type { Words } from '../../i18n/zh.ts';
import { Icon } from '../../ui/icon.tsx';
import { draftByHand, draftOfCandidate, type BindDraft } from './bind-draft.ts';
import { bindKeeper } from './kept-draft.ts';
import { useCandidates } from '../use-devices.ts';

/** What is plugged in and has no role yet, and the ways to add what no list can show. */
export function AddCard({ devices }: { readonly devices: readonly DeviceDetail[] }): ReactNode {
  const { words, language, store } = useApp();
  const { candidates, problems } = useCandidates();
  const begin = (draft: BindDraft | null): void => {
    if (draft === null) return;
    bindKeeper.keep(draft);
    store.act({ type: 'go', page: 'bind' });
  };
  const isBegun = bindKeeper.get()?.isChange === false;
  const free = candidates.filter(({ boundRole }) => boundRole === null);
  const has = (role: DeviceDetail['role']): boolean => devices.some((each) => each.role === role);
  return (
    <section className="card device add-card" aria-label={words.devices.add}>
      <h2>{words.devices.add}</h2>
      {isBegun && (
        <button
          type="button"
          className="button"
          onClick={() => store.act({ type: 'go', page: 'bind' })}
        >
          {words.devices.addOn}
        </button>
      )}
      <p className="label">{free.length === 0 ? words.devices.foundNone : words.devices.found}</p>
      <ul className="found" aria-live="polite">
        {free.map((candidate) => (
          <Found
            key={candidate.id}
            candidate={candidate}
            onUse={() => begin(draftOfCandidate(candidate))}
          />
        ))}
      </ul>
      {problems.map((code) => (
        <p key={code} className="label">
          {errorWords(code, language)}
        </p>
      ))}
      <p className="label add-hint">{words.devices.foundHint}</p>
      <div className="row add-ways" role="group" aria-label={words.devices.byHand}>
        <button type="button" className="button" onClick={() => begin(draftByHand('tcp'))}>
          {words.devices.network}
        </button>
        <button type="button" className="button" onClick={() => begin(draftByHand('keyboard'))}>
          {words.devices.keyboardScanner}
        </button>
        {!has('drawer') && (
          <button type="button" className="button" onClick={() => begin(draftByHand('printer'))}>
            {words.devices.drawerOnPrinter}
          </button>
        )}
      </div>
    </section>
  );
}

function Found({
  candidate,
  onUse,
}: {
  readonly candidate: Candidate;
  readonly onUse: () => void;
}): ReactNode {
  const { words, language } = useApp();
  const { suggestion, problem, transport, group } = candidate;
  return (
    <li className="found-row">
      <Icon name={suggestion?.role ?? 'plug'} />
      <div>
        <b className="found-label">{foundLabel(candidate, words)}</b>
        {suggestion && <p className="label">{suggestionText(suggestion, words)}</p>}
        {problem !== null && (
          <p className="found-problem">
            {problem === 'device-permission' && group !== undefined
              ? words.devices.permission(group)
              : errorWords(problem, language)}
          </p>
        )}
      </div>
      {transport !== null && (
        <button
          type="button"
          className="button"
          aria-label={`${words.devices.foundUse} ${foundLabel(candidate, words)}`}
          onClick={onUse}
        >
          {words.devices.foundUse}
        </button>
      )}
    </li>
  );
}

/** Its own name, else its numbers, else the port that it hangs on. */
function foundLabel({ label, kind, usbId, transport }: Candidate, words: Words): string {
  const path = transport !== null && 'path' in transport ? transport.path : '';
  return label || `${words.devices.kind[kind]} ${usbId || path || words.devices.foundNameless}`;
}

function suggestionText(
  { role, reason, certainty }: NonNullable<Candidate['suggestion']>,
  words: Words,
): string {
  const say = certainty === 'likely' ? words.devices.looksLike : words.devices.mayBe;
  return `${say(words.device[role])} · ${words.devices.reason[reason]}`;
}
