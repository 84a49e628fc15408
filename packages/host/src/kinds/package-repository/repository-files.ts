import type { NodeFacts, PackageRepositoryResource } from '@vmstation/core';

/** Where apt keeps what it has read of its sources. */
export const indexFolder = '/var/lib/apt/lists';

/** The two files of a source: what names it, and the key that signs it. */
export function repositoryFiles(
  { name }: PackageRepositoryResource,
  family: NodeFacts['family'],
): { readonly source: string; readonly key: string } {
  return family === 'debian'
    ? { source: `/etc/apt/sources.list.d/${name}.sources`, key: `/etc/apt/keyrings/${name}.asc` }
    : { source: `/etc/yum.repos.d/${name}.repo`, key: `/etc/pki/rpm-gpg/RPM-GPG-KEY-${name}` };
}

/** deb822 of sources.list(5), or the format of dnf.conf(5). `key` names another place for the key than its own. */
export function sourceText(
  want: PackageRepositoryResource,
  family: NodeFacts['family'],
  key = repositoryFiles(want, family).key,
): string {
  const signed = want.signingKey !== undefined;
  const text =
    family === 'debian'
      ? [
          '# vmstation',
          'Types: deb',
          `URIs: ${want.uris.join(' ')}`,
          `Suites: ${suitesOf(want).join(' ')}`,
          ...((want.components ?? []).length === 0 ? [] : [`Components: ${(want.components ?? []).join(' ')}`]),
          ...(signed ? [`Signed-By: ${key}`] : []),
        ]
      : [
          '# vmstation',
          `[${want.name}]`,
          `name=${want.name}`,
          `baseurl=${want.uris.join(' ')}`,
          'enabled=1',
          'gpgcheck=1',
          ...(signed ? [`gpgkey=file://${key}`] : []),
        ];
  return `${text.join('\n')}\n`;
}

/** What apt calls the files that it keeps of each suite, one of which is there once it has been read. */
export function indexFiles(
  want: PackageRepositoryResource,
): readonly { readonly suite: string; readonly prefix: string; readonly files: readonly string[] }[] {
  return want.uris.flatMap((uri) =>
    suitesOf(want).map((suite) => {
      // The suite `/` is the address itself.
      const below = suite === '/' ? '' : suite.endsWith('/') ? suite : `dists/${suite}/`;
      const prefix = fileNameOf(`${uri.replace(/\/$/, '')}/${below}`);
      return {
        suite,
        prefix,
        files: ['InRelease', 'Release'].map((file) => `${indexFolder}/${prefix}_${file}`),
      };
    }),
  );
}

function suitesOf({ suites = [] }: PackageRepositoryResource): readonly string[] {
  return suites.length === 0 ? ['./'] : suites;
}

/** URItoFileName of apt-pkg/contrib/strutl.cc: without scheme and login, some characters quoted, each slash an underscore. */
function fileNameOf(uri: string): string {
  return uri
    .replace(/^[a-z+]+:(?:\/\/)?/, '')
    .replace(/^[^/@]*@/, '')
    .replaceAll(/[\\|{}[\]<>"^~_=!@#$%&*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
    .replace(/\/$/, '')
    .replaceAll('/', '_');
}
