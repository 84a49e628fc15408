import { createHmac } from 'node:crypto';
import { canonicalJson, type KubeObject, sha256Hex } from '@vmstation/core';
import { isRecord, listAt, textAt, valueAt } from '../json-path.ts';

/** Annotation of a pod template: a digest of the ConfigMaps that its pods read. */
export const configAnnotation = 'vmstation.io/config';
/** Annotation of a pod template: a keyed digest of the Secrets that its pods read. */
export const secretsAnnotation = 'vmstation.io/secrets';

/** Kinds that replace their pods when the template changes. A Job's template cannot be changed, and the next one of a CronJob reads anew. */
const rollingKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);
const digestLength = 16;

/** Names of what the pods of a workload mount or take their environment from, each once, in the order of the template. */
export interface PodInputs {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

/** What the pods of a workload read; nothing for kinds that do not replace their pods. */
export function podInputs(workload: KubeObject): PodInputs {
  const spec = rollingKinds.has(workload.kind) ? valueAt(workload, 'spec.template.spec') : undefined;
  const volumes = listAt(spec, 'volumes');
  const sources = volumes.flatMap((volume) => listAt(volume, 'projected.sources'));
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const env = containers.flatMap((container) => listAt(container, 'env'));
  const envFrom = containers.flatMap((container) => listAt(container, 'envFrom'));
  const named = (items: readonly unknown[], path: string) => items.flatMap((item) => textAt(item, path) ?? []);
  const both = (kind: 'configMap' | 'secret') => [
    ...named(sources, `${kind}.name`),
    ...named(env, `valueFrom.${kind}KeyRef.name`),
    ...named(envFrom, `${kind}Ref.name`),
  ];
  return {
    configMaps: [...new Set([...named(volumes, 'configMap.name'), ...both('configMap')])],
    secrets: [...new Set([...named(volumes, 'secret.secretName'), ...both('secret')])],
  };
}

/** The objects of a set, their workloads with a digest of the set's own ConfigMaps that they read: a changed one rolls the pods. */
export function withConfigDigests(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.map((object) => {
    const maps = podInputs(object).configMaps.flatMap((name) => declared(objects, 'ConfigMap', name, object) ?? []);
    if (maps.length === 0) return object;
    const contents = maps.map((map) =>
      map['binaryData'] === undefined ? map['data'] : [map['data'], map['binaryData']],
    );
    return annotated(object, configAnnotation, sha256Hex(canonicalJson(contents)).slice(0, digestLength));
  });
}

/** True when a workload of the set reads a Secret of the set. */
export function readsSecrets(objects: readonly KubeObject[]): boolean {
  return objects.some((object) => secretsReadBy(object, objects).length > 0);
}

/**
 * The objects of a set, their workloads with a digest of the set's own Secrets that they read. Templates can be read by many who may
 * not read Secrets, and a plain hash of a weak password can be guessed: hence the key, which must be as secret as the values.
 */
export function withSecretDigests(objects: readonly KubeObject[], key: Uint8Array): readonly KubeObject[] {
  return objects.map((object) => {
    const secrets = secretsReadBy(object, objects);
    if (secrets.length === 0) return object;
    const contents = canonicalJson(secrets.map((secret) => [secret.metadata.name, secretValues(secret)]));
    const digest = createHmac('sha256', key).update(contents).digest('hex').slice(0, digestLength);
    return annotated(object, secretsAnnotation, digest);
  });
}

function secretsReadBy(workload: KubeObject, objects: readonly KubeObject[]): readonly KubeObject[] {
  return podInputs(workload).secrets.flatMap((name) => declared(objects, 'Secret', name, workload) ?? []);
}

function declared(objects: readonly KubeObject[], kind: string, name: string, reader: KubeObject) {
  const { namespace } = reader.metadata;
  return objects.find(
    ({ kind: other, metadata }) => other === kind && metadata.name === name && metadata.namespace === namespace,
  );
}

/** Values as the API keeps them: those given as text win over those given as base64. */
function secretValues(secret: KubeObject): Record<string, unknown> {
  const texts = Object.entries(isRecord(secret['stringData']) ? secret['stringData'] : {});
  const encoded = texts.map(([name, text]) => [name, Buffer.from(String(text), 'utf8').toString('base64')]);
  return { ...(isRecord(secret['data']) ? secret['data'] : {}), ...Object.fromEntries(encoded) };
}

function annotated(workload: KubeObject, name: string, value: string): KubeObject {
  const { spec } = workload as KubeObject & { spec: { template: { metadata?: { annotations?: object } } } };
  const metadata = spec.template.metadata ?? {};
  const annotations = { ...metadata.annotations, [name]: value };
  return { ...workload, spec: { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } } };
}
