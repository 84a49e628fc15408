import { randomBytes } from 'node:crypto';
import type { KubeConnector, KubePort, KubeRef } from '@vmstation/core';
import { textAt } from '../json-path.ts';

const keyBytes = 32;
const keyRef: KubeRef = { apiVersion: 'v1', kind: 'Secret', name: 'vmstation-digest-key', namespace: 'kube-system' };

/**
 * The key of the digests of Secrets. It lies in the cluster, so that whoever operates it gets the same digests, and as a Secret itself it
 * is shown to nobody who may not read the values anyway. Undefined while there is none. Throws what KubePort throws.
 */
export async function readDigestKey(port: KubePort): Promise<Uint8Array | undefined> {
  const encoded = textAt(await port.get(keyRef), 'data.key');
  const key = Buffer.from(encoded ?? '', 'base64');
  return key.length >= keyBytes ? key : undefined;
}

/** A key for a comparison before there is one: what it is compared with differs in any case. */
export function passingDigestKey(): Uint8Array {
  return randomBytes(keyBytes);
}

/** The key of the digests of Secrets, made of the connector's randomness when there is none. Throws what KubePort throws. */
export async function makeDigestKey(port: KubePort, connector: KubeConnector): Promise<Uint8Array> {
  const known = await readDigestKey(port);
  if (known !== undefined) return known;
  const key = Buffer.from(connector.randomBytes?.(keyBytes) ?? randomBytes(keyBytes));
  const { apiVersion, kind, ...metadata } = keyRef;
  const labels = { 'app.kubernetes.io/managed-by': 'vmstation' };
  await port.apply([
    { apiVersion, kind, metadata: { ...metadata, labels }, type: 'Opaque', data: { key: key.toString('base64') } },
  ]);
  return key;
}
