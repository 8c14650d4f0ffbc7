/**
 * The part of the member page below the code: where his points stand, what each release day gave and why, messages, the
 * wallets that are linked, and what he wants to hear. Text from elsewhere goes in as text, never as HTML.
 */
export const memberAccountScript = `
const textOf = (tag, text) => {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
};
const wordsOf = (tag, words) => {
  const element = document.createElement(tag);
  showWords(element, words);
  return element;
};
const buttonOf = (words, onClick) => {
  const button = wordsOf('button', words);
  button.type = 'button';
  button.className = 'plain';
  button.addEventListener('click', () => void onClick(button));
  return button;
};
const yuanOf = (value) => '\\u00a5' + hundredths(value);
const rowOf = (...parts) => {
  const row = document.createElement('li');
  row.append(...parts);
  return row;
};
const fill = (id, rows) => {
  byId(id).replaceChildren(...rows);
  byId(id + '-part').hidden = rows.length === 0;
};
const mine = () => ({ memberId, key: linkKey });

const messageWords = (message) => {
  if (message.kind === 'frozen')
    return {
      zh: '会员已冻结，请联系客服；积分和券都保留',
      en: 'This account is on hold. Please contact customer service; points and vouchers are kept.',
    };
  if (message.kind === 'thawed')
    return {
      zh: '会员已恢复；冻结期间的天数已补给您的券',
      en: 'This account goes on. Your vouchers are good for the days more that it was on hold.',
    };
  const amount = message.kind === 'shop' ? '' : yuanOf(message.amountFen);
  if (message.kind === 'next-visit')
    return {
      zh: '下次可用：' + amount + ' 券，' + message.expiresOn + ' 前有效',
      en: 'For your next visit: a voucher of ' + amount + ', valid until ' + message.expiresOn,
    };
  if (message.kind === 'expiry')
    return {
      zh: '快到期：' + amount + ' 券，最早 ' + message.expiresOn + ' 到期',
      en: 'Ending soon: ' + amount + ' of vouchers, the first on ' + message.expiresOn,
    };
  return { zh: message.shopName + '：' + message.text, en: message.shopName + ': ' + message.text };
};

/** Why it was this much, in the words that the cloud stored with the run. */
const explain = async (day, row, button) => {
  button.disabled = true;
  const answer = await post('/v1/member-pages/releases', { ...mine(), day }).catch(() => undefined);
  button.disabled = false;
  if (!answer || !answer.ok) return;
  const { run, member, formula } = answer.body.words;
  button.remove();
  row.append(wordsOf('p', member), wordsOf('p', run), wordsOf('small', formula));
};
const givenRow = ({ day, faceFen }) => {
  const row = rowOf(textOf('b', yuanOf(faceFen)), textOf('span', day));
  row.append(
    buttonOf({ zh: '为什么是这么多', en: 'Why this much' }, (button) => explain(day, row, button)),
  );
  return row;
};

const channelWords = {
  wechat: { zh: '微信支付', en: 'WeChat Pay' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  unionpay: { zh: '云闪付', en: 'UnionPay' },
};
const showPayers = async () => {
  const answer = await post('/v1/member-pages/payers', mine());
  if (!answer.ok) return;
  fill('payers', answer.body.payers.map(({ payer, channel }) =>
    rowOf(
      wordsOf('b', channelWords[channel] || { zh: channel, en: channel }),
      textOf('span', payer),
      buttonOf({ zh: '不再关联', en: 'Unlink' }, async () => {
        await post('/v1/member-pages/payers/unlink', { ...mine(), payer });
        await showPayers();
      }),
    )));
};
const showShopCards = async () => {
  const answer = await post('/v1/member-pages/shops', mine());
  if (!answer.ok) return;
  fill('shops', answer.body.shops.map(({ shopName, text }) =>
    rowOf(textOf('b', shopName), textOf('span', text))));
};
const showAccount = async () => {
  const answer = await post('/v1/member-pages/account', mine());
  if (!answer.ok) return;
  const { pendingPoints, unreleasedPoints, duePoints, best, given, messages, wishes } = answer.body;
  byId('pending').textContent = hundredths(pendingPoints);
  byId('final').textContent = hundredths(unreleasedPoints);
  byId('due').textContent = hundredths(duePoints);
  byId('best').hidden = best === null;
  if (best !== null)
    showWords(byId('best'), {
      zh: '先用这张：' + yuanOf(best.leftFen) + '，' + best.expiresOn + ' 前有效',
      en: 'Use this one first: ' + yuanOf(best.leftFen) + ', valid until ' + best.expiresOn,
    });
  fill('messages', messages.map((message) =>
    rowOf(wordsOf('span', messageWords(message)), textOf('small', message.onDay))));
  fill('given', given.map(givenRow));
  byId('hears-vouchers').checked = wishes.hearsVouchers;
  byId('hears-shops').checked = wishes.hearsShops;
  byId('account').hidden = false;
};
for (const [id, name] of [['hears-vouchers', 'hearsVouchers'], ['hears-shops', 'hearsShops']])
  byId(id).addEventListener('change', async ({ target }) => {
    const answer = await post('/v1/member-pages/wishes', { ...mine(), [name]: target.checked })
      .catch(() => undefined);
    // What the cloud did not hear is not shown as said.
    if (!answer || !answer.ok) target.checked = !target.checked;
  });
const loadAccount = async () => {
  await showAccount().catch(() => {});
  await Promise.all([showPayers().catch(() => {}), showShopCards().catch(() => {})]);
};
void loadAccount();
`;
