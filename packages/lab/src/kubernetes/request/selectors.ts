import { fieldAt } from '../json.ts';
import type { KubeObject, LabelSelector } from '../kinds.ts';
import type { ResourceDefinition } from '../resources.ts';
import { badRequest } from '../status-error.ts';

/** Decides whether an object is meant. */
export type ObjectFilter = (object: KubeObject) => boolean;

type Labels = { readonly [key: string]: string } | undefined;
type LabelTest = (labels: Labels) => boolean;

/** Parses a `labelSelector` query (`app=web,tier in (a,b),!old`). Throws 400 for one that cannot be read. */
export function parseLabelSelector(text: string): LabelTest {
  const tests = splitRequirements(text).map((requirement) => labelTest(requirement, text));
  return (labels) => tests.every((test) => test(labels));
}

function splitRequirements(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of text) {
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (letter === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part].map((item) => item.trim()).filter((item) => item !== '');
}

const keyPattern = String.raw`[A-Za-z0-9./_-]+`;

function labelTest(requirement: string, text: string): LabelTest {
  const set = new RegExp(`^(${keyPattern})\\s+(in|notin)\\s*\\(([^)]*)\\)$`, 'u').exec(requirement);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((item) => item.trim());
    return (labels) => {
      const value = labels?.[key];
      const within = value !== undefined && values.includes(value);
      return operator === 'in' ? within : !within;
    };
  }
  const equality = new RegExp(`^(${keyPattern})\\s*(==|=|!=)\\s*([A-Za-z0-9._-]*)$`, 'u').exec(requirement);
  if (equality) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels?.[key] === value) === (operator !== '!=');
  }
  const presence = new RegExp(`^(!?)\\s*(${keyPattern})$`, 'u').exec(requirement);
  if (presence) {
    const [, not, key = ''] = presence;
    return (labels) => (labels?.[key] !== undefined) === (not === '');
  }
  throw badRequest(`unable to parse requirement: found '${requirement}' in selector ${JSON.stringify(text)}`);
}

/** True when labels satisfy a `LabelSelector` object. An empty selector matches everything, an absent one nothing. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[key] !== value) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels?.[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const within = value !== undefined && values.includes(value);
    return operator === 'In' ? within : !within;
  });
}

/** True when labels carry every pair of a plain map. An empty map matches nothing, as a Service without selector. */
export function matchesMap(map: { readonly [key: string]: string } | undefined, labels: Labels): boolean {
  const pairs = Object.entries(map ?? {});
  return pairs.length > 0 && pairs.every(([key, value]) => labels?.[key] === value);
}

const selectableFields: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicasets: ['status.replicas'],
  jobs: ['status.successful'],
};

/** Parses a `fieldSelector` query. Throws 400 for a field that the resource cannot be selected by. */
export function parseFieldSelector(text: string, definition: ResourceDefinition): ObjectFilter {
  const allowed = ['metadata.name', 'metadata.namespace', ...(selectableFields[definition.plural] ?? [])];
  const tests = text
    .split(',')
    .filter((item) => item !== '')
    .map((item): ObjectFilter => {
      const [, field = '', operator, value = ''] = /^([^!=]+)(==|=|!=)(.*)$/u.exec(item) ?? [];
      if (operator === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${item}'`);
      if (!allowed.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object) => (fieldText(object, field) === value) === (operator !== '!=');
    });
  return (object) => tests.every((test) => test(object));
}

function fieldText(object: KubeObject, field: string): string {
  const path = field === 'source' ? ['source', 'component'] : field.split('.');
  const value = fieldAt(object, ...path);
  if (value === undefined || value === null)
    return field === 'spec.unschedulable' || field === 'spec.hostNetwork' ? 'false' : '';
  return typeof value === 'object' ? '' : String(value);
}
