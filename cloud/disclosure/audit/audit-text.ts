import { sealRecord, type RecordValue } from '#cloud/release/sealed-record.ts';

/** One row of an export: plain values, and whole records in columns that end in _json. */
export type AuditRow = Readonly<Record<string, RecordValue>>;

/** RFC 4180 with a head; a record is its canonical JSON in one field, nothing is an empty field. */
export const csvLine = (values: readonly RecordValue[]): string =>
  `${values.map(csvField).join(',')}\r\n`;

/** A value of a row as text; nothing is the empty text. */
export function textAt(row: AuditRow, column: string): string {
  return textOf(row[column] ?? null);
}

function textOf(value: RecordValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? sealRecord(value).text : String(value);
}

function csvField(value: RecordValue): string {
  const text = textOf(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvRow = (columns: readonly string[], row: AuditRow): string =>
  csvLine(columns.map((column) => row[column] ?? null));

/** A JSON array with one row in each line, so that it can be read line by line. */
export const jsonStart = '[';
export const jsonEnd = '\n]\n';
export const jsonRow = (row: AuditRow, index: number): string =>
  `${index === 0 ? '' : ','}\n${sealRecord(row).text}`;

/** A line of such a file: undefined for the brackets. */
export function parseJsonLine(line: string): AuditRow | undefined {
  const text = line.endsWith(',') ? line.slice(0, -1) : line;
  return text === '[' || text === ']' || text === '' ? undefined : (JSON.parse(text) as AuditRow);
}
