import { memberAccountScript } from '#cloud/members/pages/member-account-script.ts';
import { memberPageScript } from '#cloud/members/pages/member-page-script.ts';
import { phoneClockScript } from '#cloud/members/system-phone.ts';
import { createPage, words, type Page } from '#cloud/members/pages/page.ts';
import { qrScript } from '#cloud/members/pages/qr-script.ts';

/**
 * GET /m/{memberId}#{key}: the member's own page with his 会员码. Once it was opened on a phone it works there without a
 * network. The key comes after the #, so it never reaches a log; the page holds nothing of the member until
 * POST /v1/member-pages has accepted the key.
 */
export const memberPage = (): Page => page;

const part = (id: string, title: { readonly zh: string; readonly en: string }): string =>
  `<div id="${id}-part" hidden><h2>${words(title)}</h2><ul id="${id}"></ul></div>`;

const style = `
main{justify-items:center;text-align:center}
#qr{width:100%;max-width:300px;aspect-ratio:1;padding:10px;border:1px solid var(--line);border-radius:14px;background:#fff}
#qr svg{width:100%;height:100%;display:block}
dl{width:100%;display:grid;grid-template-columns:1fr 1fr;gap:12px}
dl div{border-radius:14px;background:var(--green-soft);padding:12px}
dt{font-size:15px;color:var(--soft)}
dd{font-size:26px;font-weight:600;font-variant-numeric:tabular-nums}
#account{width:100%;display:grid;gap:14px;text-align:left;border-top:1px solid var(--line);padding-top:18px}
.three{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}
.three div{border-radius:14px;background:var(--green-soft);padding:10px}
.three dd{font-size:20px}
.good{border-radius:14px;padding:12px 16px;background:var(--green-soft);color:var(--ink)}
h2{font-size:17px;font-weight:600}
ul{list-style:none;padding:0;display:grid}
li{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline;justify-content:space-between;padding:10px 0;border-bottom:1px solid var(--line)}
li p,li small{width:100%}
label.pick{display:flex;gap:10px;align-items:center;min-height:44px}
label.pick input{width:22px;height:22px;flex:none}
.main{width:100%}
.plain{min-height:44px;border:0;background:none;color:var(--soft);font:inherit;text-decoration:underline}
`;

const page = createPage({
  title: '会员码',
  style,
  script: qrScript + phoneClockScript + memberPageScript + memberAccountScript,
  hasWorker: true,
  body: `<main>
<h1>${words({ zh: '会员码', en: 'Member code' })}</h1>
<p id="phone"></p>
<p id="problem" class="bad" role="alert" hidden></p>
<div id="qr" role="img" aria-label="会员码"></div>
<small id="two-layer" hidden>${words({
    zh: '出示给收银员扫一扫。码每 30 秒刷新，24 小时内没网也能用（需在这部手机上打开过本页）。',
    en: 'Show it at the counter. It renews every 30 seconds and works offline for 24 hours on this phone.',
  })}</small>
<small id="bearer" hidden>${words({
    zh: '出示给收银员扫一扫。每个码只能用一次，24 小时内有效，请勿截图给别人。',
    en: 'Show it at the counter. Each code works once, for 24 hours. Do not share a picture of it.',
  })}</small>
<dl id="shown" hidden>
<div><dt>${words({ zh: '积分', en: 'Points' })}</dt><dd id="points"></dd></div>
<div><dt>${words({ zh: '抵用券', en: 'Vouchers' })}</dt><dd id="vouchers"></dd></div>
</dl>
<button type="button" class="plain" id="form" hidden>${words({ zh: '扫不出？换一种码', en: 'Does it not scan? Another form' })}</button>
<button type="button" class="main" id="again">${words({ zh: '换一个码', en: 'New code' })}</button>
<section id="account" hidden>
<p id="best" class="good" hidden></p>
<div class="three">
<div><dt>${words({ zh: '待生效', en: 'Pending' })}</dt><dd id="pending"></dd></div>
<div><dt>${words({ zh: '已生效', en: 'Final' })}</dt><dd id="final"></dd></div>
<div><dt>${words({ zh: '其中已到期', en: 'Of it due' })}</dt><dd id="due"></dd></div>
</div>
<small>${words({
    zh: '待生效：订单还在 7 天退款期内。已生效：按期释放成抵用券。已到期：轮到释放，数额每月公布，不构成承诺。',
    en: 'Pending: inside the 7 days of refunds. Final: released as vouchers in periods. Due: its turn has come; amounts are published monthly and are no promise.',
  })}</small>
${part('messages', { zh: '消息', en: 'Messages' })}
${part('given', { zh: '已发的券', en: 'Vouchers given' })}
${part('shops', { zh: '附近商户', en: 'Shops' })}
${part('payers', { zh: '已关联的付款账户（付款自动积分）', en: 'Linked wallets (paying gives points)' })}
<label class="pick"><input id="hears-vouchers" type="checkbox">${words({ zh: '我的券到期、可用时提醒我', en: 'Tell me about my own vouchers' })}</label>
<label class="pick"><input id="hears-shops" type="checkbox">${words({ zh: '接收商户消息（每天最多一条）', en: 'Messages of shops, at most one a day' })}</label>
</section>
</main>`,
});
