import { didYouMean } from '../did-you-mean.ts';
import { fault, type Rule } from './rule.ts';

/** Nodes and groups of playbooks exist. */
export const playbooksHaveNodes: Rule = ({ file }) => {
  const nodes = Object.keys(file.nodes);
  const groups = [
    ...new Set(['common', ...Object.values(file.nodes).flatMap((node) => [...node.roles, ...node.groups])]),
  ];
  const unknown = (name: string, key: string, index: number, entry: string, known: readonly string[], what: string) => {
    if (known.includes(entry)) return [];
    const near = didYouMean(entry, known);
    const tryThis = near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean ${near}?`;
    const path = ['playbooks', name, key, index];
    return [fault('cluster-file/unknown-node', path, `There is no ${what} ${entry}.`, tryThis)];
  };
  return Object.entries(file.playbooks).flatMap(([name, playbook]) => [
    ...(playbook.nodes ?? []).flatMap((entry, index) => unknown(name, 'nodes', index, entry, nodes, 'node')),
    ...(playbook.groups ?? []).flatMap((entry, index) => unknown(name, 'groups', index, entry, groups, 'group')),
  ]);
};
