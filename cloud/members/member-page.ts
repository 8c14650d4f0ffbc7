import { createPage, words, type Page } from '#cloud/members/page.ts';

/**
 * GET /m/{memberId}#{key}: the member's own page with his 会员码. The key stands behind the #, so it never reaches a
 * log; the page itself holds nothing until the key was accepted by POST /v1/member-pages.
 */
export const memberPage = (): Page => page;

const style = `
main{justify-items:center;text-align:center}
#qr{width:100%;max-width:300px;aspect-ratio:1;padding:10px;border:1px solid var(--line);border-radius:14px;background:#fff}
#qr svg{width:100%;height:100%;display:block}
dl{width:100%;display:grid;grid-template-columns:1fr 1fr;gap:12px}
dl div{border-radius:14px;background:var(--green-soft);padding:12px}
dt{font-size:15px;color:var(--soft)}
dd{font-size:26px;font-weight:600;font-variant-numeric:tabular-nums}
.main{width:100%}
`;

const script = `
const problem = {
  zh: '打不开会员码：链接不对，或网络不通',
  en: 'The member code cannot be opened: wrong link or no connection.',
};
const load = async () => {
  byId('again').disabled = true;
  byId('problem').hidden = true;
  try {
    const memberId = location.pathname.split('/').pop();
    const answer = await post('/v1/member-pages', { memberId, key: location.hash.slice(1) });
    if (!answer.ok) throw new Error(answer.body.code);
    const { member, qrSvg } = answer.body;
    byId('qr').innerHTML = qrSvg;
    byId('phone').textContent = member.phoneMask;
    byId('points').textContent = hundredths(member.pointsFen);
    byId('vouchers').textContent = '¥' + hundredths(member.voucherTotalFen);
    byId('shown').hidden = false;
  } catch {
    showWords(byId('problem'), problem);
  }
  byId('again').disabled = false;
};
byId('again').addEventListener('click', load);
load();
`;

const page = createPage({
  title: '会员码',
  style,
  script,
  body: `<main>
<h1>${words({ zh: '会员码', en: 'Member code' })}</h1>
<p id="phone"></p>
<p id="problem" class="bad" role="alert" hidden></p>
<div id="qr" role="img" aria-label="会员码"></div>
<small>${words({
    zh: '出示给收银员扫一扫。每个码只能用一次，24 小时内有效，请勿截图给别人。',
    en: 'Show it at the counter. Each code works once, for 24 hours. Do not share a picture of it.',
  })}</small>
<dl id="shown" hidden>
<div><dt>${words({ zh: '积分', en: 'Points' })}</dt><dd id="points"></dd></div>
<div><dt>${words({ zh: '抵用券', en: 'Vouchers' })}</dt><dd id="vouchers"></dd></div>
</dl>
<button type="button" class="main" id="again">${words({ zh: '换一个码', en: 'New code' })}</button>
</main>`,
});
