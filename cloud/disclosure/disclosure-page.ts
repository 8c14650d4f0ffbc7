import {
  factor,
  hundredths,
  percent,
  presetWords,
  ruleText,
  ruleWords,
} from '#cloud/disclosure/disclosure-words.ts';
import type { DisclosedClose, Disclosure } from '#cloud/disclosure/disclosure-schema.ts';
import { createPage, escapeHtml, words, type Page } from '#cloud/members/pages/page.ts';
import {
  gateMeasureWords,
  gateReasonWords,
  planBindingWords,
  type Words,
} from '#shared/points/words/explanation-words.ts';
import type { PresetName } from '#shared/points/policy/preset.ts';
import { shanghaiMinute } from '#shared/time/business-day.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Multipliers that are shown, the newest closes. */
export const multipliersShown = 12;

/** The caps, in the order in which they are read. */
const caps = [
  'multMaxBp',
  'multMinBp',
  'dailyReleaseBp',
  'monthlyReleaseBp',
  'voucherMaxShareBp',
  'agentTotalCapBp',
  'coverageBp',
  'gateGrowthBp',
  'fundMinBp',
  'voucherDays',
] as const;

/**
 * GET /disclosure: what anybody may know, on one page that prints; nothing in it runs but the choice of the language.
 */
export function disclosurePage(shown: Disclosure): Page {
  const page = createPage({
    title: '积分公示',
    style,
    script: '',
    body: `<main>
<h1>${words({ zh: '积分公示', en: 'Disclosure of the points' })}</h1>
<p>${words(shown.note)}</p>
<p class="when">${words({ zh: '数据时间', en: 'Figures of' })} ${momentText(shown.takenAtMs)}${words({ zh: '（北京时间）', en: ' (Beijing time)' })}</p>
${shown.releaseHolds > 0 ? `<p class="bad">${words({ zh: '释放已暂停：账目有疑点，待人工复核。', en: 'Releases stand still: something in the books waits for people.' })}</p>` : ''}
${windDownOf(shown)}
${moneyOf(shown)}
${gateOf(shown)}
${multipliersOf(shown)}
${capsOf(shown)}
${versionsOf(shown)}
${checksOf(shown)}
</main>`,
  });
  const headers = Object.fromEntries(
    Object.entries(page.headers).filter(([name]) => name !== 'cache-control'),
  );
  return { ...page, headers };
}

const yuan = (fen: number): string => `¥${hundredths(fen)}`;
const percentOr = (bp: number | null): string => (bp === null ? '—' : percent(bp));
const both = (zh: string, en: string): string => words({ zh, en });

const section = (title: Words, body: string): string =>
  `<section><h2>${words(title)}</h2>${body}</section>`;
const figure = (name: Words, value: string, more = ''): string =>
  `<div><dt>${words(name)}</dt><dd>${value}</dd>${more === '' ? '' : `<dd class="more">${more}</dd>`}</div>`;

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function momentText(atMs: number): string {
  const day = accountingDate(atMs);
  const minutes = shanghaiMinute(atMs);
  return `${day} ${twoDigits(Math.trunc(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function moneyOf({ money, points, agents, adjustments }: Disclosure): string {
  return section(
    { zh: '资金与积分', en: 'Money and points' },
    `<dl>
${figure({ zh: '专户资金 K', en: 'Ring-fenced cash K' }, yuan(money.ringFencedFen))}
${figure({ zh: '基金 F', en: 'Fund F' }, yuan(money.fundFen))}
${figure({ zh: '未用消费券 VO', en: 'Vouchers outstanding VO' }, yuan(money.voucherFen), both('每一分都有专户资金对应', 'each fen of it lies in the account'))}
${figure({ zh: '在途补贴 PI', en: 'Subsidies under way PI' }, yuan(money.payoutFen))}
${figure({ zh: '未释放积分 X', en: 'Unreleased points X' }, hundredths(points.unreleased), both('积分不是钱', 'points are no money'))}
${figure({ zh: '待核积分', en: 'Held points' }, hundredths(points.held), both('等待人工核对，尚未计入 X', 'people look at them first; not yet in X'))}
${figure({ zh: '覆盖率 F/(X+待核)', en: 'Coverage F/(X + held)' }, percentOr(points.coverageBp), both(`释放后的底线 ${percent(points.floorBp)}`, `floor after a release ${percent(points.floorBp)}`))}
${figure({ zh: '沉淀资金', en: 'Parked cash' }, yuan(money.parkedFen), both(`尚未变成券；占已关闭期间全部让利的 ${percentOr(money.parkedBp)}`, `no voucher yet; ${percentOr(money.parkedBp)} of all concession of closed periods`))}
${figure({ zh: '服务商累计所得', en: 'Agents, all so far' }, yuan(agents.earnedFen), both(`其中未付 ${yuan(agents.payableFen)}`, `not yet paid ${yuan(agents.payableFen)}`))}
${figure({ zh: '人工更正（两人批准）', en: 'Corrections by two people' }, String(adjustments.givenCount + adjustments.takenCount), both(`补发 ${adjustments.givenCount} 笔 ${yuan(adjustments.givenFen)}；收回 ${adjustments.takenCount} 笔 ${yuan(adjustments.takenFen)}`, `given ${adjustments.givenCount}, ${yuan(adjustments.givenFen)}; taken ${adjustments.takenCount}, ${yuan(adjustments.takenFen)}`))}
</dl>`,
  );
}

const measureOf = (measure: string): Words =>
  gateMeasureWords[measure as keyof typeof gateMeasureWords];

function gateOf(shown: Disclosure): string {
  const { closes, stockGate, rules } = shown;
  const measure = measureOf(String(rules.config['gateMeasure']));
  const rows = closes.map(
    (close) => `<tr><th scope="row">${close.period}</th>
<td><b class="${close.gateOpen ? 'open' : 'shut'}">${close.gateOpen ? both('开', 'open') : both('关', 'closed')}</b></td>
<td>${readingText(close, 'outstanding')}</td><td>${readingText(close, 'inflow')}</td><td>${percent(close.thresholdBp)}</td>
<td class="why">${words(gateReasonWords[close.gateReason as keyof typeof gateReasonWords])}</td></tr>`,
  );
  return section(
    { zh: '闸门', en: 'Gate' },
    `<p>${both(`现行规则看${measure.zh}。`, `The rules read ${measure.en}. `)}${outlook(stockGate)}</p>
${switchOf(shown)}
${tableOf([both('期', 'Period'), both('闸门', 'Gate'), both('存量增长', 'Stock growth'), both('流入增长（每天）', 'Inflow growth (per day)'), both('门槛', 'Threshold'), both('原因', 'Reason')], rows)}
<small>${both('加 * 的是当期起决定作用的数。', 'The figure with a * decided.')}</small>`,
  );
}

/** Announced switches of what the gate reads. */
const switchOf = ({ versions, takenAtMs }: Disclosure): string =>
  versions
    .filter(({ effectiveFrom }) => effectiveFrom > accountingDate(takenAtMs))
    .flatMap(({ effectiveFrom, changes }) =>
      changes
        .filter(({ key }) => key === 'gateMeasure')
        .map(({ to }) => {
          const { zh, en } = measureOf(String(to));
          return `<p class="coming">${both(`已公告：自 ${effectiveFrom} 起，闸门改看${zh}。`, `Announced: from ${effectiveFrom} on the gate reads ${en}.`)}</p>`;
        }),
    )
    .join('');

const readingText = (close: DisclosedClose, of: 'outstanding' | 'inflow'): string => {
  const decides = (close.measure === 'outstanding') === (of === 'outstanding');
  return `${percentOr(close[of].growthBp)}${decides ? ' *' : ''}`;
};

function outlook(stockGate: Disclosure['stockGate']): string {
  if (stockGate === null) return '';
  if (stockGate.lastOpenPeriod !== null)
    return both(
      `按最近一期关账时的预测，存量闸门最后一次开启是在 ${stockGate.lastOpenPeriod} 期；预测会变。`,
      `By the forecast of the last close the stock gate is open for the last time in ${stockGate.lastOpenPeriod}; a forecast changes.`,
    );
  return stockGate.type === 'stays-closed'
    ? both('按预测，存量闸门不会再开启。', 'By the forecast the stock gate does not open again.')
    : stockGate.type === 'stays-open'
      ? both(
          '按预测，五年内存量闸门没有最后一次开启。',
          'By the forecast the stock gate has no last time within five years.',
        )
      : both(
          '期数还少，无法预测存量闸门何时最后一次开启。',
          'Too few periods to foretell when the stock gate is open for the last time.',
        );
}

function multipliersOf({ closes }: Disclosure): string {
  const rows = closes.slice(0, multipliersShown).map(
    (close) => `<tr><th scope="row">${close.period}</th>
<td class="sum">${close.gateOpen ? factor(close.multBp) : '—'}</td><td class="sum">${yuan(close.budgetFen)}</td><td class="sum">${yuan(close.releasedFen)}</td>
<td class="sum">${percentOr(close.coverageBp)}</td><td class="why">${close.gateOpen ? words(planBindingWords[close.binding as keyof typeof planBindingWords]) : '—'}</td></tr>`,
  );
  return section(
    { zh: '最近十二期的系数', en: 'Multipliers of the last twelve closes' },
    `<p>${both('都是已经发生的事实，不构成承诺；闸门关闭的期间没有系数。', 'All of them facts of the past and no promise. A closed gate has none.')}</p>
${tableOf([both('期', 'Period'), sum('系数', 'Multiplier'), sum('预算', 'Budget'), sum('已释放', 'Released'), sum('关账时 F/X', 'F/X at the close'), both('由什么决定', 'Decided by')], rows)}`,
  );
}

function capsOf({ rules }: Disclosure): string {
  const preset = presetWords[rules.preset as PresetName];
  return section(
    { zh: '上限与底线', en: 'Caps and floors' },
    `<dl>${caps.map((key) => figure(ruleWords[key], words(ruleText(key, rules.config[key])))).join('')}</dl>
<small>${both(`规则第 ${rules.version} 版，${preset.zh}。`, `Rules version ${rules.version}, ${preset.en}.`)}</small>`,
  );
}

function versionsOf({ versions, takenAtMs }: Disclosure): string {
  const today = accountingDate(takenAtMs);
  const rows = versions.map(
    (
      version,
    ) => `<tr><th scope="row">${version.version}</th><td>${version.effectiveFrom}<br>${stateOf(version, today)}</td>
<td>${version.people}</td><td class="why">${version.changes.map(changeText).join('<br>') || '—'}</td></tr>`,
  );
  return section(
    { zh: '规则的版本', en: 'Versions of the rules' },
    `<p>${both('每次变更由一人提出、另一人批准，从以后的期间起生效；切换闸门提前 30 天公告。', 'One person proposes a change and another one approves it, for periods to come; a switch of the gate is announced 30 days before.')}</p>
${rows.length === 0 ? `<p>${both('没有变更：规则为公布的默认值。', 'No change: the published defaults are in force.')}</p>` : tableOf([both('版本', 'Version'), both('生效', 'In force from'), both('参与人数', 'People'), both('变更', 'What changed')], rows)}`,
  );
}

function stateOf(version: Disclosure['versions'][number], today: string): string {
  if (version.isInForce) return `<b class="open">${both('现行', 'in force')}</b>`;
  return version.effectiveFrom > today
    ? `<b class="coming">${both('已公告，未生效', 'announced')}</b>`
    : both('已过去', 'past');
}

function changeText({ key, from, to }: Disclosure['versions'][number]['changes'][number]): string {
  const name = Object.hasOwn(ruleWords, key)
    ? words(ruleWords[key as keyof typeof ruleWords])
    : escapeHtml(key);
  return `${name}: ${words(ruleText(key, from))} → ${words(ruleText(key, to))}`;
}

function windDownOf({ windDown }: Disclosure): string {
  if (windDown === null) return '';
  const { distributedFen } = windDown;
  const done =
    distributedFen === null
      ? ''
      : `<p>${both(`基金 ${yuan(distributedFen)} 已按积分比例发放为券，共 ${windDown.accountCount} 人。`, `The fund of ${yuan(distributedFen)} was divided by points as vouchers, among ${windDown.accountCount}.`)}</p>`;
  return `<section class="bad"><h2>${both('有序退出', 'Winding down')}</h2>
<p>${both(`自 ${windDown.stopOn} 起不再发放积分；已有的券照常使用。`, `No new points from ${windDown.stopOn} on; vouchers stay good.`)}</p>
<p>${words({ zh: windDown.planZh, en: windDown.planEn })}</p>${done}</section>`;
}

function checksOf({ checks }: Disclosure): string {
  const rows = checks.map(
    (
      check,
    ) => `<tr><th scope="row" class="why">${words(check)}</th><td class="sum">${yuan(check.leftFen)}</td><td class="sum">${yuan(check.rightFen)}</td>
<td><b class="${check.holds ? 'open' : 'shut'}">${check.holds ? both('成立', 'holds') : both('不成立', 'broken')}</b></td></tr>`,
  );
  return section(
    { zh: '自己验算', en: 'Check it yourself' },
    `${tableOf([both('等式', 'Law'), sum('左', 'Left'), sum('右', 'Right'), ''], rows)}
<small>${both('同样的数字以 JSON 提供：', 'The same figures as JSON: ')}<a href="/v1/disclosure">/v1/disclosure</a></small>`,
  );
}

/** The head of a column of numbers: they stand under each other by their last digits. */
const sum = (zh: string, en: string): { readonly sum: string } => ({ sum: both(zh, en) });

const headOf = (head: Head): string =>
  typeof head === 'string'
    ? `<th scope="col">${head}</th>`
    : `<th scope="col" class="sum">${head.sum}</th>`;

type Head = string | ReturnType<typeof sum>;

const tableOf = (heads: readonly Head[], rows: readonly string[]): string =>
  rows.length === 0
    ? `<p>${both('还没有关闭的期间。', 'No period is closed yet.')}</p>`
    : `<div class="wide" tabindex="0"><table><thead><tr>${heads.map(headOf).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;

const style = `
header,main{max-width:1040px}
main{margin-bottom:40px;gap:28px;min-width:0}
section{display:grid;gap:12px;min-width:0}
section.bad h2,section.bad p{color:var(--red)}
h2{font-size:20px}
.when{font-size:15px}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(200px,calc(50% - 6px)),1fr));gap:12px}
dl div{border-radius:14px;background:var(--green-soft);padding:12px 14px}
dt{font-size:15px;color:var(--soft)}
dd{font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dd.more{font-size:13px;font-weight:400;color:var(--soft);line-height:1.4}
.wide{overflow-x:auto}
.wide:focus-visible{outline:3px solid var(--green);outline-offset:2px}
table{width:100%;border-collapse:collapse;font-size:15px;font-variant-numeric:tabular-nums}
th,td{padding:8px 10px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
.why{white-space:normal;min-width:200px}
.sum{text-align:right}
thead th{color:var(--soft);font-weight:400;font-size:14px}
.open{color:var(--green)}.shut{color:var(--red)}.coming{color:var(--ink)}
a{color:var(--green)}
@media print{body{background:#fff}header button{display:none}main{border:0;padding:0;max-width:none;width:100%}section{break-inside:avoid}.wide{overflow:visible}.why{min-width:0}}
`;
