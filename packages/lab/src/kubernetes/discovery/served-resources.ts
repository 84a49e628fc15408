import { type ResourceDefinition, resourceDefinitions } from '../resources.ts';

/** A resource or subresource as discovery lists it. */
export interface ServedResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  /** Group and version of what it takes, where that is not the resource's own. */
  readonly bodyGroup?: string;
  readonly bodyVersion?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** A group version and what it serves. */
export interface ServedGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

const objectVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function resourceEntries(definition: ResourceDefinition): ServedResource[] {
  const { plural, singular, namespaced, kind, shortNames, categories } = definition;
  const main: ServedResource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: plural === 'namespaces' ? objectVerbs.filter((verb) => verb !== 'deletecollection') : objectVerbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
  const sub = (name: string, subKind: string, verbs: readonly string[], body?: [string, string]): ServedResource => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: subKind,
    verbs,
    ...(body ? { bodyGroup: body[0], bodyVersion: body[1] } : {}),
  });
  return [
    main,
    ...(definition.status ? [sub('status', kind, ['get', 'patch', 'update'])] : []),
    ...(definition.scale ? [sub('scale', 'Scale', ['get', 'patch', 'update'], ['autoscaling', 'v1'])] : []),
    ...(plural === 'namespaces' ? [sub('finalize', 'Namespace', ['update'])] : []),
    ...(plural === 'serviceaccounts'
      ? [sub('token', 'TokenRequest', ['create'], ['authentication.k8s.io', 'v1'])]
      : []),
    ...(plural === 'pods'
      ? [
          sub('binding', 'Binding', ['create']),
          sub('eviction', 'Eviction', ['create'], ['policy', 'v1']),
          sub('log', 'Pod', ['get']),
        ]
      : []),
  ];
}

function reviewEntry(name: string, kind: string, namespaced = false): ServedResource {
  return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs: ['create'] };
}

const reviewGroups: readonly ServedGroupVersion[] = [
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    resources: [reviewEntry('selfsubjectreviews', 'SelfSubjectReview'), reviewEntry('tokenreviews', 'TokenReview')],
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    resources: [
      reviewEntry('localsubjectaccessreviews', 'LocalSubjectAccessReview', true),
      reviewEntry('selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
      reviewEntry('selfsubjectrulesreviews', 'SelfSubjectRulesReview'),
      reviewEntry('subjectaccessreviews', 'SubjectAccessReview'),
    ],
  },
];

/** Everything the lab serves, by group version; the core group comes first. */
export function servedGroupVersions(): ServedGroupVersion[] {
  const groups = new Map<string, { group: string; version: string; resources: ServedResource[] }>();
  for (const definition of resourceDefinitions) {
    const key = `${definition.group}/${definition.version}`;
    const entry = groups.get(key) ?? { group: definition.group, version: definition.version, resources: [] };
    entry.resources.push(...resourceEntries(definition));
    groups.set(key, entry);
  }
  return [...groups.values(), ...reviewGroups];
}
