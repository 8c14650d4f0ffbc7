import type { ReactNode } from 'react';
import { fen, minFen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import { useApp, useTill } from '../app/context.ts';
import type { Panel } from '../desk/desk.ts';
import { isPhone, phoneDigits } from '../desk/panel-machine.ts';
import { plainYuan, yuan } from '../format/money.ts';
import { errorWords } from '../i18n/language.ts';
import { Close } from './cash-panel.tsx';

const vouchersShownMax = 4;
const slots = Array.from({ length: phoneDigits }, (_, at) => at);

/** 138 0000 0001: people read a number in three groups. */
const groupStarts: readonly number[] = [3, 7];

const slotClass = (at: number, digits: string): string =>
  `slot ${at < digits.length ? 'slot-filled' : ''} ${groupStarts.includes(at) ? 'slot-gap' : ''}`;

/** F2: type a phone number, or see who is attached and what he holds. */
export function MemberPanel({
  panel,
}: {
  readonly panel: Extract<Panel, { type: 'member' }>;
}): ReactNode {
  const { words } = useApp();
  const { till } = useTill();
  const member = till?.draft.member ?? null;
  const typing = panel.digits !== '' || member === null;
  return (
    <div className="panel member">
      <div className="panel-head">
        <h1 className="panel-title">{typing ? words.memberPanel.title : words.till.member}</h1>
        <Close />
      </div>
      {typing ? (
        <>
          <PhoneEntry digits={panel.digits} asking={panel.asking} isNew={panel.isNew === true} />
          {panel.isNew && <Consent asking={panel.asking} />}
        </>
      ) : (
        <AttachedMember member={member} />
      )}
    </div>
  );
}

function PhoneEntry({
  digits,
  asking,
  isNew,
}: {
  readonly digits: string;
  readonly asking: boolean;
  readonly isNew: boolean;
}): ReactNode {
  const { words } = useApp();
  const missing = phoneDigits - digits.length;
  const wrong = missing === 0 && !isPhone(digits);
  return (
    <>
      <p className="phone" role="status" aria-label={digits}>
        {slots.map((at) => (
          <span key={at} className={slotClass(at, digits)}>
            {digits.charAt(at) || '\u00a0'}
          </span>
        ))}
      </p>
      <p className={`phone-hint ${wrong ? 'tone-bad' : ''}`}>
        {asking
          ? words.memberPanel.asking
          : wrong
            ? words.memberPanel.wrong
            : isNew
              ? words.memberPanel.isNew
              : missing === 0
                ? words.memberPanel.whole
                : digits !== ''
                  ? words.memberPanel.missing(missing)
                  : words.memberPanel.hint}
      </p>
    </>
  );
}

/** Nobody is registered before the customer heard what for and agreed; messages of shops are a wish of their own. */
function Consent({ asking }: { readonly asking: boolean }): ReactNode {
  const { words, store } = useApp();
  const agree = (shops: boolean) => () => store.act({ type: 'member-consent', shops });
  return (
    <>
      <p className="label">{words.memberPanel.consent}</p>
      <div className="row">
        <button
          type="button"
          className="button button-solid"
          disabled={asking}
          onClick={agree(false)}
        >
          {words.memberPanel.agree}
        </button>
        <button type="button" className="button" disabled={asking} onClick={agree(true)}>
          <kbd>F2</kbd>
          {words.memberPanel.agreeShops}
        </button>
      </div>
    </>
  );
}

/** What would be used of the wallet for this sale; the cloud sets it aside, earliest end first. */
const suggestedOf = (member: MemberView, amountFen: number): number =>
  member.voucherMaxShareBp === undefined
    ? 0
    : minFen(
        fen(member.voucherTotalFen),
        shareFloor(fen(amountFen), basisPoints(member.voucherMaxShareBp)),
      );

function AttachedMember({ member }: { readonly member: MemberView }): ReactNode {
  const { words, store, language } = useApp();
  const { till } = useTill();
  const using = till?.draft.useVoucher === true;
  const suggestedFen = suggestedOf(member, till?.draft.amountFen ?? 0);
  return (
    <>
      <p className="member-phone">{member.phoneMask}</p>
      <dl className="member-sums">
        <div>
          <dt>{words.memberPanel.points}</dt>
          <dd>{plainYuan(member.pointsFen)}</dd>
        </div>
        <div>
          <dt>{words.memberPanel.vouchers}</dt>
          <dd className={member.voucherTotalFen > 0 ? 'tone-good' : ''}>
            {yuan(member.voucherTotalFen)}
          </dd>
        </div>
      </dl>
      {suggestedFen > 0 && (
        <p className="label">
          {words.memberPanel.suggest(yuan(suggestedFen))} · {words.memberPanel.soonest}
        </p>
      )}
      {member.isFrozen === true && (
        <p className="member-frozen">{errorWords('member-frozen', language)}</p>
      )}
      <ul className="voucher-list">
        {member.vouchers.slice(0, vouchersShownMax).map((voucher) => (
          <li key={voucher.voucherId}>
            {words.memberPanel.voucherLine(yuan(voucher.leftFen), voucher.expiresOn)}
          </li>
        ))}
        {member.vouchers.length === 0 && member.isFrozen !== true && (
          <li>{words.memberPanel.noVouchers}</li>
        )}
      </ul>
      <div className="row">
        {member.voucherTotalFen > 0 && (
          <button
            type="button"
            className={`button ${using ? '' : 'button-solid'}`}
            aria-pressed={using}
            onClick={() => store.act({ type: 'function', key: 'F3' })}
          >
            <kbd>F3</kbd>
            {using ? words.memberPanel.keepVoucher : words.memberPanel.useVoucher}
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() => store.act({ type: 'detach-member' })}
        >
          {words.memberPanel.detach}
        </button>
      </div>
    </>
  );
}
