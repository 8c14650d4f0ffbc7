import { spawnSync } from 'node:child_process';

/** The commit that `folder` holds, short, with a + when files differ from it; 'unknown' where there is no git. */
export function commitOf(folder: string): string {
  const git = (...words: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', words, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--short', 'HEAD');
  return commit === undefined
    ? 'unknown'
    : `${commit}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
}
