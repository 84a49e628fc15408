import { parseAllDocuments } from 'yaml';
import type { LabKubernetes } from '../kubernetes/lab-cluster.ts';
import { resourceOfKind } from '../kubernetes/resources.ts';
import { ScenarioFailure } from './scenario-failure.ts';

/** Applies the manifests of a YAML text on the server's side, as field manager `scenario`. Returns a line for each. Throws ScenarioFailure. */
export function applyManifests(cluster: LabKubernetes, text: string): readonly string[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object: unknown = document.toJS();
    return isManifest(object) ? [applyOne(cluster, object)] : [];
  });
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value;
}

function applyOne(cluster: LabKubernetes, manifest: Manifest): string {
  const { apiVersion, kind, metadata } = manifest;
  const definition = resourceOfKind(apiVersion, kind);
  if (definition === undefined) throw new ScenarioFailure(`the lab serves no ${kind} of ${apiVersion}`);
  const root = definition.group === '' ? '/api/v1' : `/apis/${apiVersion}`;
  const within = definition.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  const reply = cluster.request({
    method: 'PATCH',
    url: `${root}${within}/${definition.plural}/${metadata.name}?fieldManager=scenario&fieldValidation=Strict`,
    headers: {
      authorization: `Bearer ${/token: (\w+)/.exec(cluster.adminKubeconfig())?.[1] ?? ''}`,
      'content-type': 'application/apply-patch+yaml',
    },
    body: JSON.stringify(manifest),
  });
  const name = `${kind.toLowerCase()}/${metadata.name}`;
  if (reply.code === 201) return `${name} created`;
  if (reply.code === 200) return `${name} configured`;
  const body = 'body' in reply && typeof reply.body === 'object' ? reply.body : {};
  throw new ScenarioFailure(
    `${name}: ${typeof body.message === 'string' ? body.message : `the API answered ${reply.code}`}`,
  );
}
