import type { ClusterFile } from '../cluster-file.ts';
import { appKindOf } from '../derived.ts';
import { suggestion } from '../did-you-mean.ts';
import type { DocumentPath, Fault } from '../fault.ts';
import { namePattern } from '../field.ts';
import { fault, type Rule } from './rule.ts';

/** Names of nodes, storage and apps are DNS labels: they become host names, labels and object names. */
export const namesAreLabels: Rule = ({ file }) =>
  (['nodes', 'storage', 'apps'] as const).flatMap((section) =>
    Object.keys(file[section])
      .filter((name) => !namePattern.test(name))
      .map((name) =>
        fault(
          'cluster-file/invalid-name',
          [section, name],
          `${section}: ${JSON.stringify(name)} cannot be a name; Kubernetes and host names take small letters, digits and dashes, at most 63.`,
          labelOf(name) === '' ? 'Choose another name.' : `Write ${labelOf(name)}.`,
          { atKey: true },
        ),
      ),
  );

function labelOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
}

/** Every node that is referred to exists. */
export const referredNodesExist: Rule = ({ file, appFolders }) => {
  const names = Object.keys(file.nodes);
  const { syslog, ntp, kerberos } = file.services;
  const references: (readonly [DocumentPath, string | undefined, string?])[] = [
    ...Object.entries(file.storage).flatMap(([name, storage]) => [
      [['storage', name, 'node'], storage.node] as const,
      ...storage['mount-on'].map((node, index) => [['storage', name, 'mount-on', index], node] as const),
    ]),
    [['services', 'ntp', 'server'], ntp.server],
    [['services', 'syslog', 'server'], syslog === 'off' ? undefined : syslog.server],
    ...(kerberos === 'off' ? [] : kerberosReferences(kerberos)),
    ...Object.entries(file.apps).map(([name, app]) => [['apps', name, 'node'], app.node] as const),
    ...Object.entries(file.users).flatMap(([name, user]) =>
      (user.nodes ?? []).map((node, index) => [['users', name, 'nodes', index], node] as const),
    ),
    ...appFolders.map((folder) => [['node'], folder.settings.node, folder.origin] as const),
  ];
  return references.flatMap(([path, name, document]) =>
    name === undefined || names.includes(name) ? [] : [unknownNode(path, name, names, document)],
  );
};

function kerberosReferences(
  kerberos: Exclude<ClusterFile['services']['kerberos'], 'off'>,
): readonly (readonly [DocumentPath, string | undefined])[] {
  const place = ['services', 'kerberos'] as const;
  return [
    [[...place, 'server'], kerberos.server],
    ...(kerberos.hosts ?? []).map((node, index) => [[...place, 'hosts', index], node] as const),
    ...kerberos.services.map(({ node }, index) => [[...place, 'services', index, 'node'], node] as const),
  ];
}

function unknownNode(path: DocumentPath, name: string, names: readonly string[], document?: string): Fault {
  return fault(
    'cluster-file/unknown-node',
    path,
    `There is no node ${name}.`,
    suggestion(name, names),
    document === undefined ? {} : { document },
  );
}

/** Every storage that an application refers to exists. */
export const referredStorageExists: Rule = ({ file }) =>
  Object.entries(file.apps).flatMap(([name, app]) => {
    const storage = app.media?.storage;
    if (storage === undefined || file.storage[storage] !== undefined) return [];
    return [
      fault(
        'cluster-file/unknown-storage',
        ['apps', name, 'media', 'storage'],
        `There is no storage ${storage}.`,
        suggestion(storage, Object.keys(file.storage)),
      ),
    ];
  });

/** An application is of a built-in kind, or a folder, and never both. */
export const appsAreKnown: Rule = ({ file, appFolders }) =>
  Object.entries(file.apps).flatMap(([name, app]) => {
    const folder = appFolders.find((candidate) => candidate.name === name);
    if (folder !== undefined) {
      return [
        fault(
          'cluster-file/duplicate-name',
          ['apps', name],
          `The application ${name} is declared here and as the folder apps/${name}.`,
          'Remove one of the two, or rename the folder.',
          { atKey: true },
        ),
      ];
    }
    if (appKindOf(name, app) !== undefined) return [];
    return [
      fault(
        'cluster-file/unknown-app-kind',
        ['apps', name],
        `No built-in application is called ${name}.`,
        `${suggestion(name, ['jellyfin', 'minecraft'])} Or say its kind, or put its manifests into apps/${name}/.`,
        { atKey: true },
      ),
    ];
  });
