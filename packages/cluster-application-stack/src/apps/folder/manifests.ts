import { AppError, type AppFolder, type ErrorCode, type KubeObject } from '@vmstation/core';
import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';
import { imagesOf, isPinned } from './images.ts';

/** Kinds of Kubernetes' own API that have no namespace. */
const clusterWide = new Set([
  'APIService',
  'CertificateSigningRequest',
  'ClusterRole',
  'ClusterRoleBinding',
  'CSIDriver',
  'CustomResourceDefinition',
  'GatewayClass',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'VolumeAttributesClass',
  'VolumeSnapshotClass',
]);

interface ManifestFault {
  readonly code: ErrorCode;
  readonly text: string;
}

/**
 * The objects of a folder's manifests; those without a namespace are put into the application's. Throws
 * app-folder/invalid-manifest, app-folder/unpinned-image, naming every place as file:line.
 */
export function folderObjects({ name, manifests }: AppFolder, namespace: string): readonly KubeObject[] {
  const faults: ManifestFault[] = [];
  const objects = manifests.flatMap(({ origin, text }) => objectsOf(origin, text, faults));
  const [first] = faults;
  if (first !== undefined) {
    throw new AppError({
      code: first.code,
      kind: 'user',
      message: `The manifests of ${name} cannot be applied:\n${faults.map(({ text }) => `  - ${text}`).join('\n')}`,
      tryThis: 'Correct the manifests at the places above.',
      context: { app: name },
    });
  }
  return objects.map((object) =>
    clusterWide.has(object.kind) || object.metadata.namespace !== undefined
      ? object
      : { ...object, metadata: { ...object.metadata, namespace } },
  );
}

function objectsOf(origin: string, text: string, faults: ManifestFault[]): readonly KubeObject[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { prettyErrors: false, version: '1.2', lineCounter: lines });
  const at = (offset: number): string => `${origin}:${lines.linePos(offset).line}`;
  const objects: KubeObject[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      faults.push({ code: 'app-folder/invalid-manifest', text: `${at(error.pos[0])}: no YAML: ${error.message}` });
      continue;
    }
    const value = plainValue(document);
    if (value === null) continue;
    const start = at(document.contents?.range?.[0] ?? 0);
    if (!isKubeObject(value)) {
      const reason = 'no Kubernetes object: apiVersion, kind and metadata.name are needed';
      faults.push({ code: 'app-folder/invalid-manifest', text: `${start}: ${reason}` });
      continue;
    }
    for (const { image, path } of imagesOf(value)) {
      if (isPinned(image)) continue;
      const node = document.getIn(path, true);
      const place = isNode(node) && node.range ? at(node.range[0]) : start;
      const reason = `the image ${image} of ${value.kind} ${value.metadata.name} has no fixed tag`;
      faults.push({ code: 'app-folder/unpinned-image', text: `${place}: ${reason}` });
    }
    objects.push(value);
  }
  return objects;
}

/** The content of a document as data; undefined when its aliases have no end. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    // yaml refuses aliases that would fill the memory.
    if (thrown instanceof ReferenceError) return undefined;
    throw thrown;
  }
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Readonly<Record<string, unknown>>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && typeof (metadata as { name?: unknown }).name === 'string';
}
