import { runExperiment, measuresOf } from '#lab/engine/lab.ts';
import { scenarioNamed } from '#lab/engine/scenarios.ts';
import { renderCharts } from './chart.ts';
import { readOptions, usage, type Command, type TableName } from './options.ts';
import { renderText, type LabTable } from './table.ts';
import {
  closedFormTable,
  fakeOrderTable,
  gateTable,
  ringRows,
  ringTable,
  scenarioRows,
  scenarioTable,
  whaleRows,
  whaleTable,
} from './tables.ts';
import { columns, explainError, explainGuest, rulesWords } from './words.ts';

function fail(message: string): void {
  process.stderr.write(`${message}\n\n--help 看说明。 See --help.\n`);
  process.exitCode = 2;
}

async function obey(given: Command): Promise<void> {
  switch (given.type) {
    case 'help':
      return say(usage);
    case 'page':
      return openPage(given.port);
    case 'tables': {
      const tables = given.names.flatMap(tablesNamed);
      return say(given.json ? asJson(tables) : tables.map(renderText).join('\n\n'));
    }
    case 'run':
      return run(given);
  }
}

async function openPage(port: number): Promise<void> {
  const { servePage } = await import('./serve-page.ts');
  try {
    const page = await servePage(port);
    say(`greentill lab ready ${page.url}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    fail(
      `端口 ${port} 已被占用。 Port ${port} is in use: choose another one, or leave --port out.`,
    );
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const asJson = (value: unknown): string =>
  JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (typeof part === 'bigint') return Number(part);
      return part instanceof Map ? Object.fromEntries(part) : part;
    },
    2,
  );

function tablesNamed(name: TableName): readonly LabTable[] {
  switch (name) {
    case 'closed-form':
      return [closedFormTable()];
    case 'gate':
      return [gateTable()];
    case 'scenarios':
      return [scenarioTable(scenarioRows())];
    case 'fraud':
      return [fakeOrderTable(), ringTable(ringRows()), whaleTable(whaleRows())];
  }
}

function run(given: Extract<Command, { type: 'run' }>): void {
  const { name, trade, months, dials } = given;
  const found = given.rules.map((rules) => ({
    rules,
    measures: measuresOf({ trade, months, dials, rules }),
  }));
  const funded = runExperiment({ trade, months, dials, rules: fundedOf(given) });
  const literal = runExperiment({ trade, months, dials, rules: 'literal-both' });
  const refused = [...found.map(({ measures }) => measures), funded, literal].find(
    (one) => !one.ok,
  );
  if (refused && !refused.ok) return fail(explainError(refused.error));
  if (!funded.ok || !literal.ok) return;
  const known = found.flatMap(({ rules, measures }) =>
    measures.ok ? [{ rules, measures: measures.value }] : [],
  );
  if (given.json)
    return say(
      asJson({
        name,
        trade,
        months,
        dials,
        found: known,
        guest: { funded: funded.value.guest, literal: literal.value.guest },
        rows: funded.value.life.rows,
      }),
    );
  const { zh, en } = scenarioNamed(name)!;
  const table: LabTable = {
    title: { zh: `${zh}，${months} 个月`, en: `${en}, ${months} months` },
    heads: [{ zh: '规则', en: 'rules' }, ...columns.map(({ head }) => head)],
    rows: known.map(({ rules, measures }) => [
      `${rulesWords[rules].zh} ${rulesWords[rules].en}`,
      ...columns.map(({ text }) => text(measures)),
    ]),
  };
  const charts = renderCharts({ funded: funded.value.life, literal: literal.value.life });
  const guest = explainGuest(funded.value.guest, literal.value.guest);
  const parts = [renderText(table), guest, charts, legend].filter((part) => part !== undefined);
  say(parts.join('\n\n'));
}

/** The charts show the first funded rules that were asked for. */
const fundedOf = ({ rules }: Extract<Command, { type: 'run' }>) =>
  rules.find((name) => name.startsWith('funded')) ?? 'funded-stock';

const legend = [
  '每分价值：每发出 1 分积分，实际发出的消费券（分）。现金最低、期末沉淀：占全部让利的百分数。',
  'value/pt: fen of voucher per point-fen ever issued. min cash, parked: percent of all concession.',
  '这是对规则的试算，不是对任何一家店或一位会员的承诺。 A trial of rules, and no promise to anybody.',
].join('\n');

/** npm run lab -- --scenario seasonal --months 60: the economics of points, lived through with the real engine. */
const command = readOptions(process.argv.slice(2));
if (command.ok) await obey(command.value);
else fail(command.error);
