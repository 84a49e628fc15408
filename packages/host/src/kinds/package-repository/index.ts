import type { Difference, NodeFacts, PackageRepositoryResource } from '@vmstation/core';
import { sha256Hex } from '@vmstation/core';
import type { Observations, PathSeen } from '../../observe/observations.ts';
import { lines, type ShellText, sh, writeContent } from '../../script/shell-text.ts';
import { type ApplyContext, defineKind, difference, rank } from '../kind.ts';
import { ownershipDifferences } from '../ownership.ts';
import { finishFile, writeFile } from '../write-file.ts';
import { indexFiles, indexFolder, repositoryFiles, sourceText } from './repository-files.ts';

interface FileSeen extends PathSeen {
  readonly digest: string | undefined;
}

interface RepositorySeen {
  readonly family: NodeFacts['family'];
  readonly source: FileSeen;
  readonly key: FileSeen;
  /** Suites whose index apt has not read. */
  readonly unread: readonly string[];
}

const families = ['debian', 'rhel'] as const;
const ownership = { owner: 'root', group: 'root', mode: '0644' } as const;

/** A source of packages with its key. Its index is read from a candidate first: what apt or dnf refuse is never put in place. */
export const packageRepositoryKind = defineKind<PackageRepositoryResource, RepositorySeen>({
  kind: 'package-repository',
  rank: rank.user,
  probes: (want) => [
    ...families.flatMap((family) =>
      Object.values(repositoryFiles(want, family)).map((path) => ({ see: 'content', path }) as const),
    ),
    ...indexFiles(want).flatMap(({ files }) => files.map((path) => ({ see: 'path', path }) as const)),
  ],
  read(want, seen) {
    const family = seen.family ?? 'debian';
    const { source, key } = repositoryFiles(want, family);
    const unread = indexFiles(want).filter(({ files }) => files.every((path) => seen.path(path).type === 'absent'));
    return {
      family,
      source: fileAt(seen, source),
      key: fileAt(seen, key),
      unread: family === 'debian' ? unread.map(({ suite }) => suite) : [],
    };
  },
  diff(want, seen) {
    if (want.ensure === 'absent') {
      return [
        ...(seen.source.type === 'absent' ? [] : [difference('source', 'absent', 'present')]),
        ...(seen.key.type === 'absent' ? [] : [difference('key', 'absent', 'present')]),
      ];
    }
    const found = [
      ...fileDifferences('source', sourceText(want, seen.family), seen.source),
      ...(want.signingKey === undefined ? [] : fileDifferences('key', keyText(want.signingKey), seen.key)),
    ];
    if (seen.unread.length > 0) found.push(difference('index', 'read', `not read: ${seen.unread.join(', ')}`));
    return found;
  },
  apply(want, seen, context) {
    const { source, key } = repositoryFiles(want, context.family);
    if (want.ensure === 'absent') return { keeps: [source, key], change: sh`remove ${source}; remove ${key}` };
    return {
      keeps: [source, ...(want.signingKey === undefined ? [] : [key])],
      change: lines(
        tryCandidate(want, context),
        want.signingKey === undefined ? undefined : sh`t=${context.beside(key)}.asc`,
        want.signingKey === undefined ? undefined : finishFile({ path: key, ...ownership }),
        writeFile({ path: source, content: sourceText(want, context.family), ...ownership }, context),
      ),
      ...(context.family === 'debian' && seen.source.type === 'absent' ? { undoAfter: forgetIndex(want) } : {}),
    };
  },
});

/** Reads the index as a candidate of the source tells, with a candidate of the key beside the key's own place. */
function tryCandidate(want: PackageRepositoryResource, context: ApplyContext): ShellText {
  const { key } = repositoryFiles(want, context.family);
  const candidateKey = `${context.beside(key)}.asc`;
  const candidate = sh`"$RUN/repository.$n/"${want.name}${context.family === 'debian' ? '.sources' : '.repo'}`;
  return lines(
    sh`mkdir -p "$RUN/repository.$n"`,
    want.signingKey === undefined
      ? undefined
      : lines(
          sh`room ${candidateKey} ${candidateKey}`,
          writeContent(sh`${candidateKey}`, keyText(want.signingKey), context.delimiter),
          // apt reads it as a user of its own.
          sh`chmod 0644 ${candidateKey}`,
        ),
    writeContent(candidate, sourceText(want, context.family, candidateKey), context.delimiter),
    sh`if ! ${context.family === 'debian' ? readByApt(candidate) : readByDnf}; then rm -f ${candidateKey}; echo 'refused: its index could not be read'; exit 1; fi`,
  );
}

function readByApt(candidate: ShellText): ShellText {
  // Any failure counts: by itself apt is content with an old index. Indexes of other sources stay.
  return sh`apt-get -q -o Dir::Etc::sourcelist=${candidate} -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update`;
}

const readByDnf: ShellText = sh`timeout 900 dnf -y -q --setopt=reposdir="$RUN/repository.$n" --setopt=skip_if_unavailable=False makecache`;

function forgetIndex(want: PackageRepositoryResource): ShellText {
  const prefixes = indexFiles(want).map(({ prefix }) => sh`rm -f ${`${indexFolder}/${prefix}`}_*`);
  return lines(...prefixes);
}

function fileAt(seen: Observations, path: string): FileSeen {
  const at = seen.path(path);
  return { ...at, digest: at.type === 'file' ? seen.digest(path) : undefined };
}

function fileDifferences(name: string, content: string, seen: FileSeen): Difference[] {
  if (seen.type !== 'file') return [difference(name, 'present', seen.type)];
  const digest = sha256Hex(content);
  const changed =
    digest === seen.digest
      ? []
      : [difference(name, `sha256 ${digest.slice(0, 12)}`, `sha256 ${(seen.digest ?? '').slice(0, 12)}`)];
  const owned = ownershipDifferences(ownership, seen);
  return [...changed, ...owned.map((one) => ({ ...one, attribute: `${name} ${one.attribute}` }))];
}

function keyText(key: string): string {
  return `${key.trim()}\n`;
}
