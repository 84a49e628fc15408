import { type Difference, type NetworkInterfaceResource, sha256Hex } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, type ShellText, sh, writeContent } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { ownershipDifferences } from '../ownership.ts';
import { finishFile } from '../write-file.ts';
import { type AddressInForce, addressInForce } from './address-in-force.ts';
import { type InterfaceManager, managerOf, managerProbes } from './managers.ts';

interface InterfaceSeen {
  readonly manager: InterfaceManager;
  readonly file: PathSeen;
  readonly digest: string | undefined;
  readonly inForce: AddressInForce;
}

const fibTrie = '/proc/net/fib_trie';
const routes = '/proc/net/route';

/** How long a DHCP server may take to answer, in seconds. */
const patienceSeconds = 10;

/** The fixed IPv4 address and the router of a network card, as its manager was told them and as they are in force. */
export const networkInterfaceKind = defineKind<NetworkInterfaceResource, InterfaceSeen>({
  kind: 'network-interface',
  rank: rank.file,
  probes: (want) => [...managerProbes(want), { see: 'lines', path: fibTrie }, { see: 'lines', path: routes }],
  read(want, seen) {
    const manager = managerOf(want, seen);
    const file = seen.path(manager.path);
    return {
      manager,
      file,
      digest: file.type === 'file' ? seen.digest(manager.path) : undefined,
      inForce: addressInForce(seen.linesOf(fibTrie) ?? [], seen.linesOf(routes) ?? [], want),
    };
  },
  diff(want, { manager, file, digest, inForce }) {
    const own = `${want.address}/${want.prefixLength}`;
    const others = inForce.all.filter((address) => address !== own);
    // An address that the card has besides goes with the change: whoever agrees to it should know.
    const besides = inForce.address && others.length > 0 ? `; the card has ${others.join(', ')} too` : '';
    const found: Difference[] = [];
    if (digest !== sha256Hex(manager.content))
      found.push(difference('address', `${own} by ${manager.name}`, `${manager.is}${besides}`));
    else found.push(...ownershipDifferences({ mode: manager.mode }, file));
    if (!inForce.address) found.push(difference('address in force', own, others.join(', ') || '(none)'));
    if (inForce.gateway !== want.gateway)
      found.push(difference('gateway in force', want.gateway, inForce.gateway ?? '(none)'));
    return found;
  },
  apply({ name }, { manager, inForce }, context) {
    const { path, mode, content } = manager;
    return {
      keeps: [path],
      change: lines(
        // The candidate stands before the card goes down: what a full disk refuses is refused while everything still answers.
        sh`t=${context.beside(path)}; room ${path} "$t"`,
        writeContent(sh`"$t"`, content, context.delimiter),
        manager.before,
        finishFile({ path, mode, owner: 'root', group: 'root' }),
        manager.after,
      ),
      ...(manager.before === undefined ? {} : { undo: manager.before }),
      undoAfter: withAnAddress(name, manager.afterUndo, inForce),
    };
  },
});

/**
 * The card never stays without any address that had one: where its manager gives it none, as when nobody answers its DHCP client, what the card had
 * before is given back by hand, and the manager's failure is told all the same.
 */
function withAnAddress(name: string, told: ShellText, { all, gateway }: AddressInForce): ShellText {
  if (all.length === 0) return told;
  return lines(
    sh`bare() { [ -z "$(ip -4 addr show dev ${name} scope global)" ]; }`,
    sh`set +e; (set -eu; ${told}); told=$?; set -e`,
    sh`w=0; while bare && [ "$w" -lt ${patienceSeconds} ]; do sleep 1; w=$((w+1)); done`,
    sh`if bare; then`,
    sh`printf '%s\n' ${`nothing gave ${name} an address again, so it was given back by hand what it had: ${all.join(' ')}`}`,
    ...all.map((address) => sh`ip addr replace ${address} brd + dev ${name}`),
    sh`ip link set ${name} up`,
    gateway === undefined ? undefined : sh`ip route replace default via ${gateway} dev ${name}`,
    sh`fi`,
    sh`[ "$told" -eq 0 ] || exit "$told"`,
  );
}
