// Wrong site files: the text itself and its site section. Each row is a small edit of the example, and every problem it has.

import { describe } from 'vitest';
import type { WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const text: readonly WrongFile[] = [
  [
    'a key twice',
    [['    gateway: 192.168.168.1', '    gateway: 192.168.168.1\n    gateway: 192.168.168.9']],
    ['21: networks[0].gateway: the key "gateway" is written twice — keep one of them'],
  ],
  [
    'two keys twice',
    [
      ['  keyboard: us', '  keyboard: us\n  keyboard: de'],
      ['    keep: 3', '    keep: 3\n    keep: 4'],
    ],
    [
      '14: site.keyboard: the key "keyboard" is written twice — keep one of them',
      '37: repos[0].keep: the key "keep" is written twice — keep one of them',
    ],
  ],
  ['a tab', [['    keep: 3', '	keep: 3']], ['35: tabs are not allowed as indentation — indent with spaces']],
  [
    'a list without end',
    [['ntp: [192.168.168.1]', 'ntp: [192.168.168.1']],
    ['15: flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  [
    'two documents',
    [['repos:\n', '---\nrepos:\n']],
    ['30: a site file is one YAML document — remove the --- line and what follows it'],
  ],
  [
    'a tag that means nothing',
    [['keyboard: us', 'keyboard: !keys us']],
    ['13: unresolved tag: !keys — remove the tag'],
  ],
  ['a section misspelt', [['\ntrees:', '\ntress:']], ['37: tress: unknown key — did you mean trees?']],
  [
    'a section that is no list',
    [[/\nrepos:\n(?:  .*\n)+/, '\nrepos: none\n']],
    ['30: repos: must be a list, not a text'],
  ],
  [
    'an empty section',
    [
      [/\nrepos:\n(?:  .*\n)+/, '\nrepos:\n'],
      ['repos: [cloudstack]', 'repos: []'],
    ],
    ['30: repos: is empty — give a value, or remove the key'],
  ],
  [
    'an unknown key, with what was meant',
    [['    gateway:', '    gatway:']],
    ['20: networks[0].gatway: unknown key — did you mean gateway?'],
  ],
  [
    'an unknown key like no other',
    [['    keep: 3', '    keep: 3\n    colour: red']],
    [
      '36: repos[0].colour: unknown key — known: name, upstream, mirrorlist, metalink, publish, schedule, keep, proxy, ca, login, connections, rate, …',
    ],
  ],
  [
    'a key in the wrong case',
    [['profile: management, network', 'Profile: management, network']],
    ['58: hosts[0].profile: is missing — add it', '58: hosts[0].Profile: unknown key — did you mean profile?'],
  ],
];

const site: readonly WrongFile[] = [
  ['no site', [[/\nsite:\n(?:  .*\n)+/, '\n']], ['8: site: is missing — add it']],
  ['no domain', [['  domain: cs-cloud.com\n', '']], ['7: site.domain: is missing — add it']],
  [
    'an empty domain',
    [['domain: cs-cloud.com', 'domain:']],
    ['9: site.domain: is empty — give a value, or remove the key'],
  ],
  [
    'a domain without a dot',
    [['domain: cs-cloud.com', 'domain: cloud']],
    [
      '9: site.domain: "cloud" is no domain — two or more labels of letters, digits and inner dashes, such as cs-cloud.com',
    ],
  ],
  [
    'a domain with an underscore',
    [['domain: cs-cloud.com', 'domain: cs_cloud.com']],
    [
      '9: site.domain: "cs_cloud.com" is no domain — two or more labels of letters, digits and inner dashes, such as cs-cloud.com',
    ],
  ],
  [
    'an appliance that lost its first digit',
    [['appliance: 192', 'appliance: 92']],
    ['10: site.appliance: 92.168.168.26 lies in no network of this site — did you mean 192.168.168.26?'],
  ],
  [
    'an appliance at the broadcast address',
    [['appliance: 192.168.168.26', 'appliance: 192.168.168.255']],
    [
      '10: site.appliance: 192.168.168.255 is the broadcast address — this network has 192.168.168.1 to 192.168.168.254',
    ],
  ],
  [
    "an appliance at no machine's address",
    [['appliance: 192.168.168.26', 'appliance: 224.0.0.1']],
    ["10: site.appliance: 224.0.0.1 is no machine's address"],
  ],
  [
    'an appliance in a guest range',
    [['appliance: 192.168.168.26', 'appliance: 192.168.168.40']],
    [
      '28: networks[0].ranges[5]: guest would give away 192.168.168.40, which is the appliance — leave it out of the range',
    ],
  ],
  [
    'an appliance that is no address',
    [['appliance: 192.168.168.26', 'appliance: 192.168.168.260']],
    [
      '10: site.appliance: not an IPv4 address: "192.168.168.260" — an address is four numbers from 0 to 255, such as 192.168.168.2',
    ],
  ],
  [
    'a time zone in lower case',
    [['Asia/Shanghai', 'asia/shanghai']],
    ['11: site.timezone: "asia/shanghai" is no time zone — did you mean Asia/Shanghai?'],
  ],
  [
    'a time zone misspelt',
    [['Asia/Shanghai', 'Asia/Shangai']],
    ['11: site.timezone: "Asia/Shangai" is no time zone — did you mean Asia/Shanghai?'],
  ],
  [
    'a time zone that is an offset',
    [['Asia/Shanghai', '"+08:00"']],
    ['11: site.timezone: "+08:00" is no time zone — a name of the time zone database, such as Asia/Shanghai'],
  ],
  [
    'a language that is a word',
    [['en_US.UTF-8', 'English']],
    ['12: site.language: "English" is no language — such as en_US.UTF-8'],
  ],
  [
    'a keyboard of two words',
    [['keyboard: us', 'keyboard: us intl']],
    ['13: site.keyboard: "us intl" is no keyboard layout — such as us or de-latin1'],
  ],
  [
    'a time server that is no address',
    [['ntp: [192.168.168.1]', 'ntp: [192.168.168.1, 192.168.168.300, ntp_1.example.com, 192.168.168.1]']],
    [
      '14: site.ntp[1]: not an IPv4 address: "192.168.168.300" — an address is four numbers from 0 to 255, such as 192.168.168.2',
      '14: site.ntp[2]: "ntp_1.example.com" is neither an address nor a host name — such as 192.168.168.1 or ntp.example.com',
      '14: site.ntp[3]: 192.168.168.1 is listed twice — remove one, or change it',
    ],
  ],
  [
    'a root password in clear text',
    [['{ secret: root }', 'hunter2']],
    [
      '15: site.rootPassword: must name a secret, not hold it — run kickstand secret set root, and write { secret: root }',
    ],
  ],
  [
    'a root password that is a number',
    [['{ secret: root }', '007']],
    [
      '15: site.rootPassword: must name a secret, not hold it — run kickstand secret set root, and write { secret: root }',
    ],
  ],
  ...['a/b', 'Root_PW', 'root.pw', '-root', `"${'a'.repeat(65)}"`, '"$6$salt$hash"'].map((secret): WrongFile => [
    `a secret that the store does not take: ${secret}`,
    [['{ secret: root }', `{ secret: ${secret} }`]],
    [
      '15: site.rootPassword.secret: is no name of a secret — lower-case letters, digits and dashes, as in kickstand secret set NAME; at most 64 characters',
    ],
  ]),
];

describe('the text', () => expectProblems(text));
describe('site', () => expectProblems(site));
