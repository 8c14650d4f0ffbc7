import { createPage, escapeHtml, words, type Page } from '#cloud/members/pages/page.ts';
import { memberErrors } from '#shared/errors/members.ts';

/**
 * GET /claim/{token}: what the QR on a receipt opens. One field, one button, one answer; the points are named as
 * what they are (待生效 until the hold of the sale is over) and nothing is promised.
 */
export function claimPage(view: { readonly merchantName: string | undefined }): Page {
  const shop = view.merchantName;
  return createPage({
    title: '领取积分',
    style,
    script,
    body: `<main>
<section id="ask">
<h1>${words({ zh: '领取本单积分', en: 'Claim the points of this receipt' })}</h1>
${shop === undefined || shop === '' ? '' : `<p class="shop">${escapeHtml(shop)}</p>`}
<form id="form">
<label for="phone">${words({ zh: '手机号', en: 'Mobile number' })}</label>
<input id="phone" inputmode="numeric" autocomplete="tel-national" maxlength="13" required autofocus>
<label class="pick"><input id="remember" type="checkbox">${words({
      zh: '记住这次付款的账户，以后自动积分（可随时取消）',
      en: 'Remember the wallet I paid with: later purchases give points by themselves. I can undo this at any time.',
    })}</label>
<p id="problem" class="bad" role="alert" hidden></p>
<button class="main" id="send">${words({ zh: '领取', en: 'Claim' })}</button>
</form>
<small>${words({
      zh: '领取即登记为会员。手机号加密保存，只用于积分和券；可随时要求删除。',
      en: 'Claiming registers you as a member. Your number is stored encrypted, used for points and vouchers only, and deleted on request.',
    })}</small>
</section>
<section id="done" hidden>
<svg viewBox="0 0 48 48" width="72" height="72" aria-hidden="true"><circle cx="24" cy="24" r="21" fill="none" stroke="currentColor" stroke-width="4"/><path d="M14 25l7 7 13-15" fill="none" stroke="currentColor" stroke-width="4"/></svg>
<h1>${words({ zh: '已领取', en: 'Claimed' })}</h1>
<p class="points"><b id="points"></b>${words({ zh: '积分', en: 'points' })}</p>
<small>${words({
      zh: '积分待生效：7 天保留期过后，按公布的规则分期变成抵用券，只能在消费时使用。',
      en: 'The points take effect after 7 days. They turn into vouchers in periods under the published rules, for purchases only.',
    })}</small>
</section>
</main>`,
  });
}

const style = `
form,section{display:grid;gap:14px}
.shop{font-size:19px;color:var(--ink)}
label{font-size:15px;color:var(--soft)}
input{min-height:60px;width:100%;padding:0 16px;border:1px solid var(--line);border-radius:14px;background:var(--paper);color:var(--ink);font-family:inherit;font-size:26px;font-weight:600;letter-spacing:.04em;font-variant-numeric:tabular-nums}
label.pick{display:flex;gap:10px;align-items:flex-start}
label.pick input{min-height:0;width:22px;height:22px;flex:none}
#done{justify-items:center;text-align:center;color:var(--green)}
.points{display:flex;gap:8px;align-items:baseline;color:var(--ink)}
.points b{font-size:52px;line-height:1.1;font-variant-numeric:tabular-nums}
`;

/** Words for every refusal the page can meet, taken from the catalogue. */
const refusals = JSON.stringify({
  ...Object.fromEntries(
    Object.entries(memberErrors).map(([code, { zh, en }]) => [code, { zh, en }]),
  ),
  phone: { zh: '请输入 11 位手机号', en: 'Enter a mobile number of 11 digits.' },
  busy: { zh: '现在人太多，请过一分钟再试', en: 'Too many requests. Try again in a minute.' },
  line: { zh: '网络不通，请再试一次', en: 'No connection. Please try again.' },
});

const script = `
const refusals = ${refusals};
const token = location.pathname.split('/').pop();
byId('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  byId('problem').hidden = true;
  const phone = byId('phone').value.replace(/[^0-9]/g, '');
  if (!/^1[3-9][0-9]{9}$/.test(phone)) return showWords(byId('problem'), refusals.phone);
  byId('send').disabled = true;
  try {
    const answer = await post('/v1/claims', { claimToken: token, phone, rememberPayer: byId('remember').checked });
    if (answer.ok) {
      byId('points').textContent = hundredths(answer.body.pointsFen);
      byId('ask').hidden = true;
      byId('done').hidden = false;
    } else {
      showWords(byId('problem'), refusals[answer.body.code] || refusals.busy);
    }
  } catch {
    showWords(byId('problem'), refusals.line);
  }
  byId('send').disabled = false;
});
`;
