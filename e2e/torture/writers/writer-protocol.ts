/** What the tier of two writers tells its children, and what they answer. */
export type WriterOrder =
  | {
      readonly type: 'open';
      readonly dataDir: string;
      /** The number of the sale that a writer appends at once. */
      readonly sale: number;
      /** Milliseconds since 1970, with fractions. */
      readonly atMs: number;
    }
  | { readonly type: 'release' };

export type WriterAnswer =
  | { readonly type: 'ready' | 'released' }
  | { readonly type: 'writer'; readonly begunMs: number }
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly detail: string;
      /** When it began to open the folder: milliseconds since 1970. */
      readonly begunMs: number;
    }
  | { readonly type: 'threw'; readonly detail: string };
