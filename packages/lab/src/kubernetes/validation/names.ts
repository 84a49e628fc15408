import type { KubeObject } from '../kinds.ts';
import type { ResourceDefinition } from '../resources.ts';
import { forbiddenField, invalidValue, requiredValue, type StatusCause } from '../status-error.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/u;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/u;
const rfc1035Label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/u;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/u;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/u;

const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const rfc1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedMessage =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Faults of a DNS label, such as a container's or a port's name. */
export function dnsLabelFaults(value: string, field: string): StatusCause[] {
  const faults = dnsLabel.test(value) ? [] : [invalidValue(field, value, labelMessage)];
  return [...faults, ...tooLong(value, field, 63)];
}

/** Faults of a DNS subdomain, such as most objects' names. */
export function dnsSubdomainFaults(value: string, field: string): StatusCause[] {
  const faults = dnsSubdomain.test(value) ? [] : [invalidValue(field, value, subdomainMessage)];
  return [...faults, ...tooLong(value, field, 253)];
}

function tooLong(value: string, field: string, limit: number): StatusCause[] {
  return value.length > limit ? [invalidValue(field, value, `must be no more than ${limit} characters`)] : [];
}

const labelNamed: ReadonlySet<string> = new Set(['namespaces']);
const pathNamed: ReadonlySet<string> = new Set(['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']);

function nameFaults(name: string, definition: ResourceDefinition): StatusCause[] {
  const field = 'metadata.name';
  if (definition.plural === 'services') {
    const faults = rfc1035Label.test(name) ? [] : [invalidValue(field, name, rfc1035Message)];
    return [...faults, ...tooLong(name, field, 63)];
  }
  if (pathNamed.has(definition.plural)) {
    if (name === '.' || name === '..') return [invalidValue(field, name, `may not be '${name}'`)];
    return /[/%]/u.test(name) ? [invalidValue(field, name, "may not contain '/' or '%'")] : [];
  }
  return labelNamed.has(definition.plural) ? dnsLabelFaults(name, field) : dnsSubdomainFaults(name, field);
}

/** Faults of one label or annotation key. */
function keyFaults(key: string, field: string): StatusCause[] {
  const [prefix, name] = key.includes('/')
    ? [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
    : ['', key];
  const faults: StatusCause[] = [];
  if (key.includes('/') && !dnsSubdomain.test(prefix))
    faults.push(invalidValue(field, key, `prefix part ${subdomainMessage}`));
  if (!qualifiedName.test(name)) faults.push(invalidValue(field, key, qualifiedMessage));
  if (name.length > 63) faults.push(invalidValue(field, key, 'name part must be no more than 63 characters'));
  return faults;
}

/** Faults of a label map at `field`. */
export function labelFaults(labels: { readonly [key: string]: string } | undefined, field: string): StatusCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => {
    const faults = keyFaults(key, field);
    if (!labelValue.test(value)) faults.push(invalidValue(field, value, labelValueMessage));
    if (value.length > 63) faults.push(invalidValue(field, value, 'must be no more than 63 characters'));
    return faults;
  });
}

/** Faults of what an update changes in metadata: what is going away takes no new finalizers. */
export function metadataUpdateFaults({ metadata }: KubeObject, old: KubeObject): StatusCause[] {
  if (!old.metadata.deletionTimestamp) return [];
  const late = (metadata.finalizers ?? []).filter((item) => !old.metadata.finalizers?.includes(item));
  if (late.length === 0) return [];
  const list = late.map((item) => JSON.stringify(item)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbiddenField('metadata.finalizers', why)];
}

/** Faults of an object's metadata: name, labels, annotations, owners, finalizers. */
export function metadataFaults(object: KubeObject, definition: ResourceDefinition): StatusCause[] {
  const { name, labels, annotations, ownerReferences, finalizers } = object.metadata;
  const faults = name
    ? nameFaults(name, definition)
    : [requiredValue('metadata.name', 'name or generateName is required')];
  faults.push(...labelFaults(labels, 'metadata.labels'));
  for (const key of Object.keys(annotations ?? {}))
    faults.push(...keyFaults(key.toLowerCase(), 'metadata.annotations'));
  const controllers = (ownerReferences ?? []).filter((owner) => owner.controller);
  if (controllers.length > 1) {
    faults.push(
      invalidValue(
        'metadata.ownerReferences',
        controllers.map((owner) => owner.name),
        'Only one reference can have Controller set to true.',
      ),
    );
  }
  for (const owner of ownerReferences ?? []) {
    if (!owner.uid) faults.push(invalidValue('metadata.ownerReferences.uid', owner.uid, 'must not be empty'));
    if (!owner.name) faults.push(invalidValue('metadata.ownerReferences.name', owner.name, 'must not be empty'));
  }
  for (const finalizer of finalizers ?? []) {
    faults.push(...keyFaults(finalizer, 'metadata.finalizers'));
    if (!finalizer.includes('/') && !['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer)) {
      faults.push(
        invalidValue(
          'metadata.finalizers',
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
    }
  }
  return faults;
}
