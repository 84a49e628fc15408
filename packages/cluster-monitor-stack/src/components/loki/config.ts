import type { Cluster } from '@vmstation/core';
import { yamlText } from '../yaml-text.ts';

/**
 * loki.yaml for one process on a local disk, with keys that Loki 3.7 knows and 4.0 keeps. The retention is the model's, and nothing
 * else says another: without all of compactor, delete store, working directory and a 24 h index period logs would stay for ever.
 */
export function lokiConfig(cluster: Cluster): string {
  const { keepDays } = cluster.monitoring.loki;
  const keep = `${keepDays * 24}h`;
  return yamlText({
    auth_enabled: false,
    server: { http_listen_port: 3100, grpc_listen_port: 9095, log_level: 'warn' },
    common: {
      path_prefix: '/loki',
      replication_factor: 1,
      ring: { instance_addr: '127.0.0.1', kvstore: { store: 'inmemory' } },
      storage: { filesystem: { chunks_directory: '/loki/chunks', rules_directory: '/loki/rules' } },
    },
    schema_config: {
      configs: [
        {
          from: '2024-04-01',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    compactor: {
      working_directory: '/loki/compactor',
      retention_enabled: true,
      delete_request_store: 'filesystem',
    },
    limits_config: {
      retention_period: keep,
      // A machine that slept for a week hands in on waking what it wrote before.
      reject_old_samples: true,
      reject_old_samples_max_age: keep,
      volume_enabled: true,
    },
    // Relative by default, which a read-only root file system does not allow.
    ruler: { wal: { dir: '/loki/ruler-wal' } },
    analytics: { reporting_enabled: false },
  });
}
