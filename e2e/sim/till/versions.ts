import { migrations } from '#terminal/agent/journal/migrations.ts';

/** A step as the next version of the program may bring: it adds and leaves everything that is there as it is. */
const nextStep = `
  CREATE TABLE of_the_next_version (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
  ALTER TABLE orders ADD COLUMN of_the_next_version TEXT;
  CREATE INDEX orders_of_the_next_version ON orders (of_the_next_version);
`;

/** The schema that this version of the till knows, or the next one. */
export const migrationsOf = (version: 'this' | 'next'): readonly string[] =>
  version === 'this' ? migrations : [...migrations, nextStep];
