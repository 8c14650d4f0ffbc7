import { createHash } from 'node:crypto';

/** A page for a customer's phone: no asset from elsewhere, nothing inline but one style and one script of ours. */
export interface Page {
  readonly html: string;
  /** Response headers: type, policy, and no trace of the address elsewhere. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PageParts {
  readonly title: string;
  /** HTML of the body; whatever came from outside must have gone through {@link escapeHtml}. */
  readonly body: string;
  readonly style: string;
  readonly script: string;
  /** It may have a service worker of ours. */
  readonly hasWorker?: boolean;
}

export const escapeHtml = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (character) =>
      ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character] ?? '',
  );

/** Text in both languages; the page shows the one that <html lang> names. */
export const words = (text: { readonly zh: string; readonly en: string }): string =>
  `<span lang="zh">${escapeHtml(text.zh)}</span><span lang="en">${escapeHtml(text.en)}</span>`;

const hashSource = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export function createPage(parts: PageParts): Page {
  const style = baseStyle + parts.style;
  const script = languageScript + parts.script;
  const policy = [
    `default-src 'none'`,
    `style-src ${hashSource(style)}`,
    `script-src ${hashSource(script)}`,
    `connect-src 'self'`,
    ...(parts.hasWorker === true ? [`worker-src 'self'`] : []),
    `form-action 'none'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
  return {
    html: `<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(parts.title)}</title>
<style>${style}</style>
</head>
<body>
<header><b>${escapeHtml('绿点')}</b><button type="button" id="language" aria-label="English / 中文">${words({ zh: 'English', en: '中文' })}</button></header>
${parts.body}
<script>${script}</script>
</body>
</html>
`,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  };
}

const baseStyle = `
:root{--paper:#f6f7f3;--card:#fff;--ink:#16211b;--soft:#586860;--line:#dde3db;--green:#0b7a4b;--green-soft:#e4f3ea;--red:#b3261e;--red-soft:#fde8e5}
*{box-sizing:border-box;margin:0}
html[lang=zh] [lang=en],html[lang=en] [lang=zh]{display:none}
body{min-height:100dvh;display:flex;flex-direction:column;align-items:center;background:var(--paper);color:var(--ink);font:17px/1.6 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",system-ui,sans-serif}
header{width:100%;max-width:460px;padding:14px 20px;display:flex;justify-content:space-between;align-items:center}
header b{color:var(--green);font-size:19px;letter-spacing:.08em}
header button{min-height:44px;padding:0 12px;border:0;background:none;color:var(--soft);font:inherit}
main{width:calc(100% - 32px);max-width:428px;background:var(--card);border:1px solid var(--line);border-radius:16px;padding:26px 22px;display:grid;gap:16px}
h1{font-size:26px;line-height:1.3}
p,small{color:var(--soft)}
small{font-size:14px;line-height:1.5}
[hidden]{display:none!important}
button:focus-visible,input:focus-visible{outline:3px solid var(--green);outline-offset:2px}
.main{min-height:60px;border:0;border-radius:14px;background:var(--green);color:#fff;font-family:inherit;font-size:20px;font-weight:600}
.main:disabled{opacity:.55}
.bad{border-radius:14px;padding:12px 16px;background:var(--red-soft);color:var(--red)}
`;

const languageScript = `
'use strict';
const byId = (id) => document.getElementById(id);
byId('language').addEventListener('click', () => {
  const root = document.documentElement;
  root.lang = root.lang === 'zh' ? 'en' : 'zh';
});
const showWords = (element, words) => {
  element.replaceChildren(...['zh', 'en'].map((lang) => {
    const span = document.createElement('span');
    span.lang = lang;
    span.textContent = words[lang];
    return span;
  }));
  element.hidden = false;
};
const post = async (path, body) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { ok: response.ok, body: await response.json() };
};
const hundredths = (value) => {
  const digits = String(value).padStart(3, '0');
  return digits.slice(0, -2) + '.' + digits.slice(-2);
};
`;
