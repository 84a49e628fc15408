import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '@vmstation/core';

/** A page of cluster-docs/errors. */
export interface ErrorPage {
  readonly code: string;
  /** What it is, in one line. */
  readonly title: string;
  /** The whole page, Markdown. */
  readonly text: string;
}

/** Beside the bundle, where the build copies them, or in the repository when it runs from sources. */
const places = ['./errors/', '../../../../packages/cluster-docs/errors/'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);

/** Every page, by code. Throws explain/pages-missing. */
export async function readErrorPages(): Promise<readonly ErrorPage[]> {
  const folder = places.find((place) => existsSync(place));
  if (folder === undefined) {
    throw new AppError({
      code: 'explain/pages-missing',
      kind: 'environment',
      message: 'The pages of errors and findings are not installed beside this program.',
      tryThis: 'Run `npm run build` in the repository, or install VMStation again.',
    });
  }
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted();
  const pages = await Promise.all(names.map(async (name) => parsePage(await readFile(`${folder}/${name}`, 'utf8'))));
  return pages.filter((page) => page !== undefined).toSorted((a, b) => a.code.localeCompare(b.code));
}

/** A page begins with `# area/name — what it is`; other files are no pages. */
export function parsePage(text: string): ErrorPage | undefined {
  const [, code, title] = /^# (\S+\/\S+) — (.+)/.exec(text) ?? [];
  return code === undefined || title === undefined ? undefined : { code, title, text };
}
