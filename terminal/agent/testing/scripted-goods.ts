import { catalogueSignedText, type CataloguePage, type Goods } from '#shared/wire/v1/goods.ts';
import type { ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

type Row = Omit<Goods, 'version' | 'active' | 'unit'> & Partial<Pick<Goods, 'active' | 'unit'>>;

const asItIs = (page: CataloguePage): CataloguePage => page;

/** The catalogue of the scripted cloud: changes as the office makes them, pages as tills ask for them. */
export function createScriptedGoods(deps: {
  readonly merchantId: string;
  readonly sign: (text: string) => string;
  /** Signs with a key that is not the cloud's. */
  readonly forge: (text: string) => string;
}) {
  const rows = new Map<string, Goods>();
  let version = 0;
  let pageMax = 500;
  let forged = false;
  let bend = asItIs;

  const page = (after: number): CataloguePage => {
    const later = [...rows.values()]
      .filter((row) => row.version > after)
      .toSorted((a, b) => a.version - b.version);
    const goods = later.slice(0, pageMax);
    const through =
      goods.length < later.length ? (goods.at(-1)?.version ?? after) : Math.max(after, version);
    return { merchantId: deps.merchantId, after, through, version, goods };
  };

  return {
    version: () => version,
    put: (...changed: readonly Row[]): void => {
      for (const row of changed) {
        version += 1;
        rows.set(row.code, { unit: '', active: true, ...row, version });
      }
    },
    /** The cloud's database is an older copy of itself: what changed after this version never was. */
    restore: (former: number, ...changed: readonly Row[]): void => {
      version = former;
      for (const row of rows.values()) if (row.version > former) rows.delete(row.code);
      for (const row of changed) rows.set(row.code, { unit: '', active: true, ...row, version: 1 });
    },
    /** So many rows in a page. */
    pagesOf: (count: number): void => {
      pageMax = count;
    },
    /** Pages are signed with a key that is not the cloud's. */
    forgePages: (isForged: boolean): void => {
      forged = isForged;
    },
    /** Pages say something else than they should, rightly signed. */
    bendPages: (how: (page: CataloguePage) => CataloguePage): void => {
      bend = how;
    },
    route: (path: string): ScriptedAnswer | undefined => {
      const [, after] = /^\/v1\/catalogue\?after=(\d+)$/.exec(path) ?? [];
      if (after === undefined) return undefined;
      const payload = JSON.stringify(bend(page(Number(after))));
      const text = catalogueSignedText(payload);
      const signature = (forged ? deps.forge : deps.sign)(text);
      return { status: 200, body: { payload, signature } };
    },
  };
}
