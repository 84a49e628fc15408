import { FileSystemError } from '../disk/file-system-error.ts';
import type { KernelState } from './kernel-state.ts';

interface SysctlKey {
  key: string;
  initial: string;
  /** Inclusive limits of an integer; a text value has none. */
  range?: [number, number];
  text?: boolean;
  /** The key exists only while this module is loaded. */
  module?: string;
  readonly?: boolean;
}

const INT = 2_147_483_647;

/** name initial [min max]; a trailing word `text`, `ro` or `module=…` qualifies. Values of Linux 6.1. */
const KEYS = `
dev.tty.ldisc_autoload 1 0 1
fs.file-max 9223372036854775807 text
fs.inotify.max_user_instances 128 0 ${INT}
fs.inotify.max_user_watches 65536 0 ${INT}
fs.inotify.max_queued_events 16384 0 ${INT}
fs.nr_open 1048576 0 ${INT}
fs.aio-max-nr 65536 0 ${INT}
fs.protected_hardlinks 1 0 1
fs.protected_symlinks 1 0 1
fs.protected_regular 2 0 2
fs.protected_fifos 1 0 2
fs.suid_dumpable 0 0 2
kernel.core_pattern core text
kernel.core_uses_pid 0 0 1
kernel.dmesg_restrict 1 0 1
kernel.kptr_restrict 0 0 2
kernel.panic 0 ${-INT} ${INT}
kernel.panic_on_oops 0 0 1
kernel.perf_event_paranoid 2 ${-INT} ${INT}
kernel.pid_max 4194304 301 4194304
kernel.printk 4_4_1_7 text
kernel.randomize_va_space 2 0 2
kernel.sysrq 438 0 511
kernel.threads-max 31000 20 ${INT}
kernel.unprivileged_bpf_disabled 2 0 2
kernel.yama.ptrace_scope 1 0 3
kernel.keys.root_maxbytes 25000000 0 ${INT}
kernel.keys.root_maxkeys 1000000 0 ${INT}
net.core.bpf_jit_enable 1 0 2
net.core.default_qdisc fq_codel text
net.core.netdev_max_backlog 1000 0 ${INT}
net.core.optmem_max 20480 0 ${INT}
net.core.rmem_default 212992 2304 ${INT}
net.core.rmem_max 212992 2304 ${INT}
net.core.somaxconn 4096 0 ${INT}
net.core.wmem_default 212992 4608 ${INT}
net.core.wmem_max 212992 4608 ${INT}
net.ipv4.conf.all.accept_redirects 1 0 1
net.ipv4.conf.all.accept_source_route 0 0 1
net.ipv4.conf.all.arp_announce 0 0 2
net.ipv4.conf.all.arp_ignore 0 0 8
net.ipv4.conf.all.forwarding 0 0 1
net.ipv4.conf.all.log_martians 0 0 1
net.ipv4.conf.all.rp_filter 0 0 2
net.ipv4.conf.all.secure_redirects 1 0 1
net.ipv4.conf.all.send_redirects 1 0 1
net.ipv4.conf.default.accept_redirects 1 0 1
net.ipv4.conf.default.accept_source_route 0 0 1
net.ipv4.conf.default.forwarding 0 0 1
net.ipv4.conf.default.log_martians 0 0 1
net.ipv4.conf.default.rp_filter 2 0 2
net.ipv4.conf.default.send_redirects 1 0 1
net.ipv4.icmp_echo_ignore_broadcasts 1 0 1
net.ipv4.icmp_ignore_bogus_error_responses 1 0 1
net.ipv4.ip_forward 0 0 1
net.ipv4.ip_local_port_range 32768_60999 text
net.ipv4.ip_nonlocal_bind 0 0 1
net.ipv4.neigh.default.gc_thresh1 128 0 ${INT}
net.ipv4.neigh.default.gc_thresh2 512 0 ${INT}
net.ipv4.neigh.default.gc_thresh3 1024 0 ${INT}
net.ipv4.tcp_congestion_control cubic text
net.ipv4.tcp_fin_timeout 60 1 ${INT}
net.ipv4.tcp_keepalive_intvl 75 1 32767
net.ipv4.tcp_keepalive_probes 9 1 127
net.ipv4.tcp_keepalive_time 7200 1 32767
net.ipv4.tcp_max_syn_backlog 512 0 ${INT}
net.ipv4.tcp_rmem 4096_131072_6291456 text
net.ipv4.tcp_syncookies 1 0 2
net.ipv4.tcp_tw_reuse 2 0 2
net.ipv4.tcp_wmem 4096_16384_4194304 text
net.ipv6.conf.all.accept_ra 1 0 2
net.ipv6.conf.all.accept_redirects 1 0 1
net.ipv6.conf.all.disable_ipv6 0 0 1
net.ipv6.conf.all.forwarding 0 0 1
net.ipv6.conf.default.accept_ra 1 0 2
net.ipv6.conf.default.accept_redirects 1 0 1
net.ipv6.conf.default.disable_ipv6 0 0 1
net.ipv6.conf.default.forwarding 0 0 1
net.ipv6.conf.lo.disable_ipv6 0 0 1
net.bridge.bridge-nf-call-arptables 1 0 1 module=br_netfilter
net.bridge.bridge-nf-call-ip6tables 1 0 1 module=br_netfilter
net.bridge.bridge-nf-call-iptables 1 0 1 module=br_netfilter
net.netfilter.nf_conntrack_max 65536 0 ${INT} module=nf_conntrack
net.netfilter.nf_conntrack_tcp_timeout_established 432000 0 ${INT} module=nf_conntrack
net.netfilter.nf_conntrack_tcp_timeout_close_wait 60 0 ${INT} module=nf_conntrack
sunrpc.tcp_slot_table_entries 2 2 65536 module=sunrpc
user.max_user_namespaces 15500 0 ${INT}
vm.dirty_background_ratio 10 0 100
vm.dirty_ratio 20 0 100
vm.drop_caches 0 0 4
vm.max_map_count 65530 0 ${INT}
vm.min_free_kbytes 45056 0 ${INT}
vm.overcommit_memory 0 0 2
vm.overcommit_ratio 50 0 100
vm.panic_on_oom 0 0 2
vm.swappiness 60 0 200
vm.vfs_cache_pressure 100 0 ${INT}
`;

const BUILT_IN = KEYS.trim().split('\n').map(readKey);

function readKey(line: string): SysctlKey {
  const [key = '', initial = '', ...rest] = line.split(' ');
  const definition: SysctlKey = { key, initial: initial.replaceAll('_', '\t') };
  if (rest.includes('text')) definition.text = true;
  else definition.range = [Number(rest[0]), Number(rest[1])];
  const module = rest.find((word) => word.startsWith('module='));
  if (module) definition.module = module.slice(7);
  return definition;
}

const INTERFACE_KEYS = [
  'rp_filter',
  'forwarding',
  'accept_redirects',
  'send_redirects',
  'accept_source_route',
  'log_martians',
];

/** All keys of a machine and what lies directly below each branch (`net.ipv4.`; '' is the root). */
interface KeyIndex {
  readonly keys: ReadonlyMap<string, SysctlKey>;
  readonly children: ReadonlyMap<string, readonly string[]>;
}

const indexes = new Map<string, KeyIndex>();

/** Machines with cards of the same names have the same keys, and a lab has many of them. */
function indexOf(cards: readonly string[]): KeyIndex {
  const known = indexes.get(cards.join('/'));
  if (known !== undefined) return known;
  const ofCards = cards.flatMap((card) =>
    INTERFACE_KEYS.flatMap((suffix) => {
      const model = BUILT_IN.find((one) => one.key === `net.ipv4.conf.default.${suffix}`);
      return model === undefined ? [] : [{ ...model, key: `net.ipv4.conf.${card}.${suffix}` }];
    }),
  );
  const keys = new Map([...BUILT_IN, ...ofCards].map((definition) => [definition.key, definition]));
  const children = new Map<string, Set<string>>();
  for (const key of keys.keys()) {
    const parts = key.split('.');
    for (const [depth, part] of parts.entries()) {
      const branch = parts.slice(0, depth).map((one) => `${one}.`);
      const below = children.get(branch.join('')) ?? new Set();
      children.set(branch.join(''), below.add(part));
    }
  }
  const index = { keys, children: new Map([...children].map(([branch, below]) => [branch, [...below]])) };
  indexes.set(cards.join('/'), index);
  return index;
}

/** The kernel's variables of one machine, over its runtime state. */
export class SysctlTable {
  readonly #index: KeyIndex;
  readonly #state: KernelState;

  constructor(state: KernelState) {
    this.#state = state;
    this.#index = indexOf([...state.interfaces.map((one) => one.name), 'lo']);
  }

  /** Keys that exist now, sorted. */
  list(): string[] {
    return [...this.#index.keys.values()]
      .filter((one) => this.#present(one))
      .map((one) => one.key)
      .toSorted();
  }

  #present(definition: SysctlKey): boolean {
    return definition.module === undefined || this.#state.modules.includes(definition.module);
  }

  /** Present value, or undefined where there is no such key. */
  get(key: string): string | undefined {
    const definition = this.#index.keys.get(key);
    if (!definition || !this.#present(definition)) return undefined;
    return this.#state.sysctl[key] ?? definition.initial;
  }

  /** Sets a value. Throws FileSystemError ENOENT for no such key, EINVAL for a value that the kernel refuses. */
  set(key: string, text: string): void {
    const definition = this.#index.keys.get(key);
    if (!definition || !this.#present(definition)) throw new FileSystemError('ENOENT', key);
    const value = text.trim().replace(/[ \t]+/g, '\t');
    if (definition.range) {
      if (!/^-?\d+$/.test(value)) throw new FileSystemError('EINVAL', key);
      const [least, most] = definition.range;
      if (Number(value) < least || Number(value) > most) throw new FileSystemError('EINVAL', key);
      this.#state.sysctl[key] = String(BigInt(value));
    } else {
      // Several numbers are set as several numbers.
      const isNumbers = (words: string): boolean => /^\d+(?:\t\d+)+$/.test(words);
      if (isNumbers(definition.initial) && !isNumbers(value)) throw new FileSystemError('EINVAL', key);
      this.#state.sysctl[key] = value;
    }
    this.#mirror(key, value);
  }

  /** Keys that the kernel keeps together. */
  #mirror(key: string, value: string): void {
    if (key === 'net.ipv4.ip_forward') this.#state.sysctl['net.ipv4.conf.all.forwarding'] = value;
    if (key === 'net.ipv4.conf.all.forwarding') this.#state.sysctl['net.ipv4.ip_forward'] = value;
    if (key === 'net.ipv4.ip_forward' || key === 'net.ipv4.conf.all.forwarding') {
      for (const other of this.#index.keys.keys())
        if (/^net\.ipv4\.conf\.[^.]+\.forwarding$/.test(other)) this.#state.sysctl[other] = value;
    }
  }

  /** Names directly below a branch (`net.ipv4.`; '' is the root) that are there now. */
  below(branch: string): readonly string[] {
    return (this.#index.children.get(branch) ?? []).filter((name) => this.kindOf(`${branch}${name}`) !== undefined);
  }

  /** What a name stands for now: a variable, one that holds a number, or a branch with others below it. */
  kindOf(name: string): 'text' | 'number' | 'branch' | undefined {
    const definition = this.#index.keys.get(name);
    if (definition !== undefined) {
      if (!this.#present(definition)) return undefined;
      return definition.range === undefined ? 'text' : 'number';
    }
    return this.below(`${name}.`).length > 0 ? 'branch' : undefined;
  }
}
