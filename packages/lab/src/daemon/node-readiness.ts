import type { LabMachine } from './lab-machine.ts';
import type { NodeReadiness } from './lab-protocol.ts';

/** What an installer's fact gathering would find, asked in the machine's own words. */
const readinessScript = `
. /etc/os-release
echo "os $ID $VERSION_ID"
echo "kernel $(uname -r)"
command -v python3 >/dev/null 2>&1 && echo "python yes"
while read -r name rest; do echo "module $name"; done < /proc/modules
first=yes
while read -r name rest; do [ "$first" = yes ] || echo "swap $name"; first=no; done < /proc/swaps
echo "forward $(cat /proc/sys/net/ipv4/ip_forward)"
echo "clock $(date +%s)"
while read -r key value rest; do [ "$key" != MemTotal: ] || echo "memory $value"; done < /proc/meminfo
for address in $(hostname -I); do echo "address $address"; done
echo end
`;

const unread: Omit<NodeReadiness, 'reachable' | 'because'> = {
  addresses: [],
  os: '',
  kernel: '',
  python: false,
  swap: [],
  modules: [],
  ipForward: '',
  clockSkewSeconds: 0,
  memoryMiB: 0,
};

/** What an installer finds on a machine. */
export async function readReadiness(machine: LabMachine): Promise<NodeReadiness> {
  const { power } = machine.power();
  if (power !== 'on') return { ...unread, reachable: false, because: `the machine is ${power}` };
  const { stdout, stderr } = await machine.script(readinessScript);
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  if (!lines.some(([word]) => word === 'end')) {
    return { ...unread, reachable: false, because: `it did not answer: ${stderr.trim() || 'no reply'}` };
  }
  const all = (name: string) => lines.filter(([word]) => word === name).map(([, ...rest]) => rest.join(' '));
  const one = (name: string) => all(name)[0] ?? '';
  return {
    reachable: true,
    because: '',
    addresses: all('address'),
    os: one('os'),
    kernel: one('kernel'),
    python: one('python') === 'yes',
    swap: all('swap'),
    modules: all('module'),
    ipForward: one('forward'),
    clockSkewSeconds: Math.abs(Number(one('clock')) - Date.now() / 1000),
    memoryMiB: Math.floor(Number(one('memory')) / 1024),
  };
}
