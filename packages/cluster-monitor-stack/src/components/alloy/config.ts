import type { Cluster } from '@vmstation/core';
import { serviceAddress } from '../component.ts';

/** Where positions and the queue lie on each node: they survive the pod. */
export const alloyStateFolder = '/var/lib/vmstation/alloy';

/**
 * config.alloy: every container log file of the own node, found by its path alone, so that nothing depends on the API server or on
 * the kubelet of a machine that falls asleep. Labels are few: node, namespace, container; the pod is structured metadata.
 */
export function alloyConfig(cluster: Cluster): string {
  return `// Written by vmstation.
logging {
  level  = "warn"
  format = "logfmt"
}

local.file_match "pods" {
  path_targets = [{
    "__path__" = "/var/log/pods/*/*/*.log",
    "node"     = sys.env("NODE_NAME"),
  }]
  sync_period = "10s"
}

loki.source.file "pods" {
  targets    = local.file_match.pods.targets
  forward_to = [loki.process.pods.receiver]
}

loki.process "pods" {
  forward_to = [loki.write.cluster.receiver]

  // What containerd writes: time, stream, flags, line.
  stage.cri { }

  stage.regex {
    source     = "filename"
    expression = "/var/log/pods/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^/]+/(?P<container>[^/]+)/"
  }

  stage.labels {
    values = { namespace = "", container = "" }
  }

  stage.structured_metadata {
    values = { pod = "" }
  }

  stage.label_drop {
    values = ["filename", "stream"]
  }
}

loki.write "cluster" {
  endpoint {
    url = "http://${serviceAddress(cluster, 'loki', 3100)}/loki/api/v1/push"

    // A day and a half of five-minute pauses; meanwhile reading waits, and the files keep the lines.
    max_backoff_retries = 500
  }
}
`;
}
