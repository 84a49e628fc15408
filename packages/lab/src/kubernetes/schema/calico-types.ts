/**
 * Field structure of the Calico resources that a Kubespray-installed cluster carries (crd.projectcalico.org/v1),
 * in the format of `kinds.gen.ts`. Source: the fields that Calico 3.30 documents for each resource.
 */
export const calicoTypeLines: readonly string[] = [
  'CalicoIPPool apiVersion:s kind:s metadata:V1ObjectMeta spec:CalicoIPPoolSpec',
  'CalicoIPPoolSpec allowedUses:[]s assignmentMode:s blockSize:i cidr!:s disableBGPExport:b disabled:b ipipMode:s namespaceSelector:s natOutgoing:b nodeSelector:s vxlanMode:s',
  'CalicoBGPConfiguration apiVersion:s kind:s metadata:V1ObjectMeta spec:CalicoBGPConfigurationSpec',
  'CalicoBGPConfigurationSpec asNumber:i bindMode:s listenPort:i logSeverityScreen:s nodeToNodeMeshEnabled:b serviceClusterIPs:[]CalicoCidr serviceExternalIPs:[]CalicoCidr serviceLoadBalancerIPs:[]CalicoCidr',
  'CalicoCidr cidr:s',
  'CalicoFelixConfiguration apiVersion:s kind:s metadata:V1ObjectMeta spec:CalicoFelixConfigurationSpec',
  'CalicoFelixConfigurationSpec bpfEnabled:b bpfLogLevel:s chainInsertMode:s defaultEndpointToHostAction:s failsafeInboundHostPorts:[]CalicoPort failsafeOutboundHostPorts:[]CalicoPort featureDetectOverride:s floatingIPs:s healthEnabled:b healthHost:s healthPort:i interfacePrefix:s ipipEnabled:b ipipMTU:i iptablesBackend:s iptablesRefreshInterval:s ipv6Support:b logFilePath:s logSeverityFile:s logSeverityScreen:s logSeveritySys:s mtuIfacePattern:s natOutgoingAddress:s nftablesMode:s prometheusMetricsEnabled:b prometheusMetricsHost:s prometheusMetricsPort:i reportingInterval:s routeRefreshInterval:s usageReportingEnabled:b vxlanEnabled:b vxlanMTU:i vxlanPort:i vxlanVNI:i wireguardEnabled:b wireguardMTU:i xdpEnabled:b',
  'CalicoPort net:s port!:i protocol:s',
];
