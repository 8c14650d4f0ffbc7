/**
 * Names of backups. The number counts up over everything that was ever backed up in a folder, so that a clock that
 * jumped does not make an old backup the newest; the time (UTC) is for people.
 */
export interface BackupName {
  readonly number: number;
  /** `hourly` ones give way to newer ones; one was made `before` each change of the schema. */
  readonly kind: 'hourly' | 'migration';
  /** Like 20261122T204100Z. */
  readonly stamp: string;
}

export const hourlyKept = 24;
export const dailyKept = 7;
export const migrationKept = 3;

const pattern = /^journal-(\d{6,9})-(hourly|migration)-(\d{8}T\d{6}Z)\.db$/;

export const backupFileName = ({ number, kind, stamp }: BackupName): string =>
  `journal-${String(number).padStart(6, '0')}-${kind}-${stamp}.db`;

export const stampOf = (wallMs: number): string =>
  `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

export function parseBackupName(fileName: string): BackupName | undefined {
  const [, number, kind, stamp] = pattern.exec(fileName) ?? [];
  if (number === undefined || stamp === undefined) return undefined;
  return { number: Number(number), kind: kind === 'migration' ? 'migration' : 'hourly', stamp };
}

/** Newest first. */
export const newestFirst = (names: readonly BackupName[]): readonly BackupName[] =>
  names.toSorted((a, b) => b.number - a.number);

export const nextNumber = (names: readonly BackupName[]): number =>
  names.reduce((most, { number }) => Math.max(most, number), 0) + 1;

/**
 * Which backups have had their time: all but the last hours, the last of each of seven days, and
 * the last migrations.
 */
export function surplusBackups(names: readonly BackupName[]): readonly BackupName[] {
  const ordered = newestFirst(names);
  const hourly = ordered.filter(({ kind }) => kind === 'hourly');
  const days = new Map<string, BackupName>();
  for (const name of hourly) {
    const day = name.stamp.slice(0, 8);
    if (!days.has(day) && days.size < dailyKept) days.set(day, name);
  }
  const migration = ordered.filter(({ kind }) => kind === 'migration').slice(0, migrationKept);
  const kept = new Set([...hourly.slice(0, hourlyKept), ...days.values(), ...migration]);
  return ordered.filter((name) => !kept.has(name));
}
