import { memberPageScript } from '#cloud/members/member-page-script.ts';
import { phoneClockScript } from '#cloud/members/system-phone.ts';
import { createPage, words, type Page } from '#cloud/members/page.ts';
import { qrScript } from '#cloud/members/qr-script.ts';

/**
 * GET /m/{memberId}#{key}: the member's own page with his 会员码, which works without a network once it was opened here. The key stands behind the #, so it never reaches a
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
.plain{min-height:44px;border:0;background:none;color:var(--soft);font:inherit;text-decoration:underline}
`;

const page = createPage({
  title: '会员码',
  style,
  script: qrScript + phoneClockScript + memberPageScript,
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
</main>`,
});
