import { gitVersionOf, type LabClusterConfig } from '../cluster-config.ts';
import { apiService } from './api-service.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';
import { calicoObjects } from './calico-objects.ts';
import { defaultRoles } from './default-roles.ts';
import { nodeObjects } from './node-objects.ts';
import { staticPods } from './static-pods.ts';
import { systemServices } from './system-services.ts';

/**
 * What Kubespray and kubeadm leave behind, in an order in which it can be created: names, labels and flags are theirs, every value
 * comes from the installer's decisions.
 */
export function bootstrapObjects(config: LabClusterConfig): readonly BootstrapObject[] {
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) =>
      bootstrapObject('namespaces', 'v1', 'Namespace', { name }),
    ),
    ...priorityClasses(),
    ...nodeObjects(config),
    ...clusterAdmin(),
    ...defaultRoles(),
    ...apiService(config),
    kubeadmConfig(config),
    ...calicoObjects(config),
    ...systemServices(config),
    ...staticPods(config),
  ];
}

function priorityClasses(): readonly BootstrapObject[] {
  const values = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };
  return Object.entries(values).map(([name, value]) =>
    bootstrapObject('priorityclasses.scheduling.k8s.io', 'scheduling.k8s.io/v1', 'PriorityClass', { name }, { value }),
  );
}

/** kubeadm's own record of the cluster, which upgrades and we read. */
function kubeadmConfig(config: LabClusterConfig): BootstrapObject {
  const text = [
    'apiVersion: kubeadm.k8s.io/v1beta4',
    `clusterName: ${config.clusterName}`,
    'kind: ClusterConfiguration',
    `kubernetesVersion: ${gitVersionOf(config)}`,
    'networking:',
    `  dnsDomain: ${config.clusterDomain}`,
    `  podSubnet: ${config.podCidr}`,
    `  serviceSubnet: ${config.serviceCidr}`,
    '',
  ].join('\n');
  return bootstrapObject(
    'configmaps',
    'v1',
    'ConfigMap',
    { name: 'kubeadm-config', namespace: 'kube-system' },
    { data: { ClusterConfiguration: text } },
  );
}

function clusterAdmin(): readonly BootstrapObject[] {
  const api = 'rbac.authorization.k8s.io';
  const everything = [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ];
  const subjects = [
    { kind: 'Group', apiGroup: api, name: 'system:masters' },
    { kind: 'Group', apiGroup: api, name: 'kubeadm:cluster-admins' },
  ];
  return [
    bootstrapObject(
      `clusterroles.${api}`,
      `${api}/v1`,
      'ClusterRole',
      { name: 'cluster-admin' },
      { rules: everything },
    ),
    bootstrapObject(
      `clusterrolebindings.${api}`,
      `${api}/v1`,
      'ClusterRoleBinding',
      { name: 'cluster-admin' },
      {
        roleRef: { apiGroup: api, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects,
      },
    ),
  ];
}
