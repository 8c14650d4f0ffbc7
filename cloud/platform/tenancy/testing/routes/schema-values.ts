import { textMatching } from '#cloud/platform/tenancy/testing/routes/pattern-text.ts';

/** The part of JSON Schema that the cloud's routes are written in. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** Where random values come from. */
interface ValueSource {
  readonly unit: () => number;
  /**
   * Words of the world that a pattern may ask for: ids of all tenants, days, numbers, file names.
   */
  readonly words: readonly string[];
  /** What this caller says wherever a field has this name: his own credentials. */
  readonly own: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

export const pick = <T>(unit: () => number, from: readonly T[]): T =>
  from[Math.floor(unit() * from.length)]!;

const optionalShare = 0.6;
const ownShare = 0.9;
const knownShare = 0.85;
const itemsAtMost = 3;

/**
 * A random value that fits a schema. A kind of schema that it does not know throws: it must be
 * taught then.
 */
export function valueFor(schema: Schema, source: ValueSource, name = ''): unknown {
  const { unit } = source;
  if ('const' in schema) return schema.const;
  if (schema.enum !== undefined) return pick(unit, schema.enum);
  if (schema.anyOf !== undefined) return valueFor(pick(unit, schema.anyOf), source, name);
  switch (schema.type) {
    case 'object':
      return objectFor(schema, source);
    case 'array': {
      const min = schema.minItems ?? 0;
      const max = Math.min(schema.maxItems ?? itemsAtMost, Math.max(min, itemsAtMost));
      const count = min + Math.floor(unit() * (max - min + 1));
      return Array.from({ length: count }, () => valueFor(schema.items ?? {}, source, name));
    }
    case 'integer':
    case 'number':
      return numberFor(schema, source, name);
    case 'boolean':
      return unit() < 0.5;
    case 'null':
      return null;
    case 'string':
      return stringFor(schema, source, name);
    case undefined:
    default:
      throw new Error(`no value for the schema of ${name}: ${JSON.stringify(schema)}`);
  }
}

function objectFor(schema: Schema, source: ValueSource): Readonly<Record<string, unknown>> {
  const entries = Object.entries(schema.properties ?? {})
    .filter(([name]) => schema.required?.includes(name) === true || source.unit() < optionalShare)
    .map(([name, of]) => [name, valueFor(of, source, name)] as const);
  return Object.fromEntries(entries);
}

function numberFor(schema: Schema, { unit, nowMs }: ValueSource, name: string): number {
  const min = schema.minimum ?? 0;
  const max = schema.maximum ?? Number.MAX_SAFE_INTEGER;
  const near = name.endsWith('Ms') || name === 'asOf' ? nowMs : min + Math.floor(unit() * 5_000);
  const tried = unit() < 0.1 ? pick(unit, [min, max]) : unit() < 0.4 ? min + 1 : near;
  return Math.max(min, Math.min(max, tried));
}

function stringFor(schema: Schema, source: ValueSource, name: string): string {
  const { unit, own } = source;
  const mine = own[name];
  if (mine !== undefined && unit() < ownShare) return mine;
  const { minLength = 0, maxLength = 40, pattern } = schema;
  const fits = ({ length }: string) => length >= minLength && length <= maxLength;
  if (pattern !== undefined) {
    const wanted = new RegExp(pattern, 'u');
    const known = source.words.filter((word) => wanted.test(word) && fits(word));
    // No text of a pattern alone is a day of the calendar.
    if (known.length > 0 && (unit() < knownShare || schema.format === 'date'))
      return pick(unit, known);
    return textMatching(pattern, unit).slice(0, Math.max(maxLength, 1));
  }
  const free = unit() < 0.5 ? pick(unit, source.words) : '核对无误，来自测试的说明';
  return free.slice(0, maxLength).padEnd(minLength, '说明');
}
