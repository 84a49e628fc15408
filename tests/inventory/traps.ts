/** An inventory with what Ansible makes of it: real `ansible-inventory --list` is held to the same table in the suite on real machines. */
export interface InventoryTrap {
  readonly title: string;
  /** By path; the first is the inventory. */
  readonly files: Readonly<Record<string, string>>;
  /** Every variable of every host. `VAULT` stands for an encrypted value. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Some groups with the hosts in them and below them, sorted. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

export const inventoryTraps: readonly InventoryTrap[] = [
  {
    title: 'ranges count with their zeros, by steps, by letters, and two in one name',
    files: { 'hosts.ini': 'node[01:03]\ndb-[a:c]\nx[1:5:2]\nr[1:2]-[a:b].lan:2222\nz[:1]\n' },
    hosts: {
      node01: {},
      node02: {},
      node03: {},
      'db-a': {},
      'db-b': {},
      'db-c': {},
      x1: {},
      x3: {},
      x5: {},
      'r1-a.lan': { ansible_port: 2222 },
      'r1-b.lan': { ansible_port: 2222 },
      'r2-a.lan': { ansible_port: 2222 },
      'r2-b.lan': { ansible_port: 2222 },
      z0: {},
      z1: {},
    },
  },
  {
    title: 'a number sign ends a host line even inside a word, but not inside quotes',
    files: { 'hosts.ini': `a x=a#b y=1\nb x="a#b" y='c # d' # end\nc x=a\\#b z=" q "\n` },
    hosts: { a: { x: 'a' }, b: { x: 'a#b', y: 'c # d' }, c: { x: 'a#b', z: ' q ' } },
  },
  {
    title: 'a comment in a vars section belongs to the text, but not behind a number',
    files: {
      'hosts.ini':
        '[web]\na\n[web:vars]\n# none\n; none\none=5 # five\ntwo=foo # bar\nthree="quoted" # c\nfour = spaced out \nfive=a=b\nsix=\n',
    },
    hosts: { a: { one: 5, two: 'foo # bar', three: 'quoted', four: 'spaced out', five: 'a=b', six: '' } },
  },
  {
    title: 'values are Python’s: True is a boolean, true a text, and a leading zero makes a text',
    files: {
      'hosts.ini': `a t=True f=False n=None low=true yes=yes mode=0644 zero=0 hex=0x1f neg=-5 float=1.5 us=1_000 q='"5"'\n[all:vars]\nl=[1, 'two', {"a": None}, (3, 4)]\nj=["x","y",]\nword=[a, b]\nj2={"on": true}\ne='a\\nb'\nadj='a' 'b'\ntwice=5 5\nip=10.0.0.1\nu=u'x'\nraw=r'a\\n'\ntuple=1, 2\none=1,\n`,
    },
    hosts: {
      a: {
        t: true,
        f: false,
        n: null,
        low: 'true',
        yes: 'yes',
        mode: '0644',
        zero: 0,
        hex: 31,
        neg: -5,
        float: 1.5,
        us: 1000,
        q: '5',
        l: [1, 'two', { a: null }, [3, 4]],
        j: ['x', 'y'],
        word: '[a, b]',
        j2: '{"on": true}',
        e: 'a\nb',
        adj: 'ab',
        twice: '5 5',
        ip: '10.0.0.1',
        u: 'x',
        raw: 'a\\n',
        tuple: [1, 2],
        one: [1],
      },
    },
  },
  {
    title: 'a port behind the name is weaker than ansible_port; the last line of a host wins',
    files: { 'hosts.ini': 'a:2222 ansible_port=2200\nb:2222\nc\nc:22\n[web]\nb x=1\nb x=2\n[2001:db8::1]:2022\n' },
    hosts: { a: { ansible_port: 2200 }, b: { ansible_port: 2222, x: 2 }, c: {}, '2001:db8::1': { ansible_port: 2022 } },
  },
  {
    title: 'groups stand in any order; the deeper one wins, then the priority, then the name',
    files: {
      'hosts.ini':
        '[top:children]\nmid\n[mid:children]\nzz\naa\n[zz]\nh\n[aa]\nh\n[top:vars]\nx=top\ny=top\n[mid:vars]\nx=mid\n[zz:vars]\nw=zz\np=zz\n[aa:vars]\nw=aa\np=aa\nansible_group_priority=10\n[all:vars]\ny=all\nv=all\n',
    },
    hosts: { h: { x: 'mid', y: 'top', w: 'aa', p: 'aa', v: 'all' } },
    groups: { top: ['h'], mid: ['h'], zz: ['h'] },
  },
  {
    title: 'group_vars/all beats the groups of the inventory; host_vars beats the host line',
    files: {
      'hosts.ini': '[web]\na x=line y=line\n[web:vars]\nz=inventory\nq=inventory\n',
      'group_vars/all.yml': 'z: all\nx: all\n',
      'group_vars/web.yaml': 'q: web\nx: web\n',
      'host_vars/a.json': '{"y": "file"}',
    },
    hosts: { a: { x: 'line', y: 'file', z: 'all', q: 'web' } },
  },
  {
    title: 'a folder of variables hides the file of that name; hidden files and backups are not read',
    files: {
      'hosts.ini': 'a\n',
      'group_vars/all.yml': 'hidden: true\n',
      'group_vars/all/1.yml': 'x: 1\ny: 1\n',
      'group_vars/all/2.yml': 'x: 2\n',
      'group_vars/all/.3.yml': 'x: 3\n',
      'group_vars/all/4.yml~': 'x: 4\n',
      'group_vars/all/5.txt': 'x: 5\n',
      'group_vars/all/sub/6.yml': 'deep: yes\n',
    },
    hosts: { a: { x: 2, y: 1, deep: true } },
  },
  {
    title: 'YAML is 1.1, hosts may be ranges, groups nest and stand twice',
    files: {
      'hosts.yml':
        'all:\n  hosts:\n    a: {ansible_host: 10.0.0.1, on: yes, mode: 0644, text: "0644", e: 1e3, e2: e2, rack: 08, plus: +.5, n: n, t: 190:20}\n    n[01:02]:\n      x: 1\n  children:\n    web:\n      hosts:\n        a:\n      vars: {v: w}\n    db:\n      children:\n        web:\n        pg: {hosts: {n01: {x: 2}}}\nweb:\n  hosts:\n    n02:\n',
    },
    hosts: {
      a: {
        ansible_host: '10.0.0.1',
        true: true,
        mode: 420,
        text: '0644',
        e: '1e3',
        e2: 'e2',
        rack: '08',
        plus: '+.5',
        n: 'n',
        t: 11_420,
        v: 'w',
      },
      n01: { x: 2 },
      n02: { x: 1, v: 'w' },
    },
    groups: { web: ['a', 'n02'], db: ['a', 'n01', 'n02'], pg: ['n01'] },
  },
  {
    title: 'a host or group alone may be a text, and anchors are followed',
    files: {
      'hosts.yaml':
        'web:\n  hosts: a\n  vars: &v {x: 1}\ndb:\n  hosts: {b: {<<: {y: 2}, z: 3}}\n  vars: *v\ntop:\n  children: web\n',
    },
    hosts: { a: { x: 1 }, b: { x: 1, y: 2, z: 3 } },
    groups: { top: ['a'] },
  },
  {
    title: 'encrypted values are there, and unread',
    files: {
      'hosts.yml':
        'all:\n  hosts:\n    a:\n      pw: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6162\n      raw: !unsafe "{{ x }}"\n',
    },
    hosts: { a: { pw: 'VAULT', raw: '{{ x }}' } },
  },
  {
    title: 'a name without an extension is YAML where it can be, a name with a dot is not',
    files: { hosts: 'all:\n  hosts:\n    a: {x: 1}\n' },
    hosts: { a: { x: 1 } },
  },
  {
    title: 'a name without an extension is INI otherwise',
    files: { hosts: '[web]\na x=1\r\nb   x=2\n' },
    hosts: { a: { x: 1 }, b: { x: 2 } },
    groups: { web: ['a', 'b'] },
  },
];
