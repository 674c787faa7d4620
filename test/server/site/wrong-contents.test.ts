// Wrong site files: repos and trees. Each row is a small edit of the example, and every problem it has.

import { describe } from 'vitest';
import type { WrongFile } from './example.ts';
import { expectProblems } from './example.ts';

const contents: readonly WrongFile[] = [
  [
    'an upstream without http',
    [['upstream: http://', 'upstream: ']],
    [
      '32: repos[0].upstream: "cloudstack.apt-get.eu/rhel/4.0/" is no http or https URL — such as http://cloudstack.apt-get.eu/rhel/4.0/',
    ],
  ],
  [
    'an upstream with a password',
    [['upstream: http://', 'upstream: http://me:secret@']],
    [
      '32: repos[0].upstream: the URL holds a user or password — keep it with kickstand secret set and write login: { user: …, password: { secret: … } }',
    ],
  ],
  [
    'an upstream with a query',
    [['rhel/4.0/\n', 'rhel/4.0/?arch=x86_64\n']],
    ['32: repos[0].upstream: the URL has a query or a fragment — give the address of the directory'],
  ],
  [
    'a repo without an upstream',
    [['upstream: http://cloudstack.apt-get.eu/rhel/4.0/', 'strict: true']],
    ['31: repos[0]: has no source — add one of upstream, mirrorlist, metalink'],
  ],
  [
    'a repo with two upstreams',
    [['    publish: /4.0/', '    mirrorlist: http://a.example/list?arch=x86_64']],
    ['31: repos[0]: has 2 sources: upstream, mirrorlist — keep one of them'],
  ],
  [
    'a check without keys',
    [['    publish: /4.0/', '    gpg: packages']],
    ['33: repos[0].gpg: has no keys — add keys: [FILE]'],
  ],
  [
    'keys without a check',
    [['    publish: /4.0/', '    keys: [RPM-GPG-KEY]']],
    ['33: repos[0].keys: are not used — add gpg: metadata, gpg: packages or a list of both'],
  ],
  [
    'a signature on metadata that is made here',
    [['    publish: /4.0/', '    rescue: true\n    gpg: [metadata, packages]\n    keys: [RPM-GPG-KEY]']],
    ['34: repos[0].gpg: a rescued repo has no signed metadata — write gpg: packages'],
  ],
  [
    'a rate in words',
    [['    publish: /4.0/', '    rate: fast']],
    ['33: repos[0].rate: "fast" is no rate — bytes per second, such as 500K or 10M'],
  ],
  [
    'a pattern with a space',
    [['    publish: /4.0/', '    exclude: ["a b"]']],
    ['33: repos[0].exclude[0]: "a b" is no pattern of packages — such as kernel* or *-debuginfo'],
  ],
  [
    'a login without a name',
    [['    publish: /4.0/', '    login: { user: "a:b", password: { secret: cdn } }']],
    ['33: repos[0].login.user: "a:b" is no user — a name without a colon'],
  ],
  [
    'a publish path without its slashes',
    [['publish: /4.0/', 'publish: "4.0"']],
    ['33: repos[0].publish: "4.0" cannot be published at — begin and end with a slash, such as /4.0/'],
  ],
  [
    'a publish path that is a number',
    [['publish: /4.0/', 'publish: 4.0']],
    ['33: repos[0].publish: 4.0 without quotes is read as the number 4 — put it in quotes: "4.0"'],
  ],
  [
    'a publish path that leads upwards',
    [['publish: /4.0/', 'publish: /../4.0/']],
    ['33: repos[0].publish: "/../4.0/" cannot be published at — begin and end with a slash, such as /4.0/'],
  ],
  [
    'a publish path without a name',
    [['publish: /4.0/', 'publish: /']],
    ['33: repos[0].publish: "/" cannot be published at — begin and end with a slash, such as /4.0/'],
  ],
  [
    'a schedule longer than any',
    [['"0 3 * * *"', `"0 ${'3,'.repeat(250)}3 * * *"`]],
    [
      '34: repos[0].schedule: is too long for a schedule — five fields (minute, hour, day, month, weekday) such as "0 3 * * *", or @daily',
    ],
  ],
  [
    'a publish path inside another',
    [
      [
        '\ntrees:',
        '  - { name: b, upstream: /srv/b, publish: /4.0/b/ }\n  - { name: c, upstream: /srv/c, publish: /4.0/ }\n\ntrees:',
      ],
    ],
    [
      '36: repos[1].publish: /4.0/b/ overlaps /4.0/ of cloudstack — choose another path',
      '37: repos[2].publish: /4.0/ is already the path of cloudstack — choose another path',
    ],
  ],
  [
    'a schedule of four fields',
    [['"0 3 * * *"', '"0 3 * *"']],
    [
      '34: repos[0].schedule: a schedule has five fields, "0 3 * *" has 4 fields — five fields (minute, hour, day, month, weekday) such as "0 3 * * *", or @daily',
    ],
  ],
  [
    'a schedule on 31 February',
    [['"0 3 * * *"', '"0 3 31 2 *"']],
    [
      '34: repos[0].schedule: that day never comes in that month — five fields (minute, hour, day, month, weekday) such as "0 3 * * *", or @daily',
    ],
  ],
  [
    'a schedule that is a star',
    [['"0 3 * * *"', '* * *']],
    [
      '34: alias cannot be an empty string — put a text that begins with * into quotes',
      '34: unexpected alias at node end',
    ],
  ],
  ['nothing to keep', [['keep: 3', 'keep: 0']], ['35: repos[0].keep: must be at least 1']],
  [
    'half a snapshot to keep',
    [['keep: 3', 'keep: 2.5']],
    ['35: repos[0].keep: must be a whole number, not the number 2.5'],
  ],
  ['a number in words', [['keep: 3', 'keep: three']], ['35: repos[0].keep: must be a whole number, not a text']],
  ['a number in octal', [['keep: 3', 'keep: 03']], ['35: repos[0].keep: "03" is read as the number 3 — write 3']],
  [
    'a repo name with an @',
    [['name: cloudstack\n', 'name: cloud@stack\n']],
    [
      '31: repos[0].name: "cloud@stack" is no name — letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63 characters',
      '49: profiles[0].repos[0]: there is no repo called cloudstack — did you mean cloud@stack?',
    ],
  ],
  [
    'a tree from nowhere',
    [[/    iso: RHEL.*\n/, '']],
    ['38: trees[0]: has no source — add one of iso, directory, upstream'],
  ],
  [
    'a tree from two places',
    [['    iso: XenServer', '    directory: /media\n    iso: XenServer']],
    ['41: trees[1]: has 2 sources: iso, directory — keep one of them'],
  ],
  [
    'an ISO above',
    [['iso: XenServer-6.0.2-install-cd.iso', 'iso: ../XenServer.iso']],
    ['42: trees[1].iso: the path "../XenServer.iso" leads upwards — give an absolute path'],
  ],
  [
    'an ISO that is a URL',
    [['iso: XenServer-6.0.2-install-cd.iso', 'iso: http://a/b.iso']],
    ['42: trees[1].iso: "http://a/b.iso" is a URL, not a path — write upstream: for what is fetched'],
  ],
  [
    'an OS of no known family',
    [['os: rhel-6.2-x86_64', 'os: rehl-6.2-x86_64']],
    [
      '40: trees[0].os: unknown operating system family "rehl"; known are rhel, centos, rocky, almalinux, oracle, scientific, fedora, xenserver, xcp-ng — such as rhel-6.2-x86_64',
    ],
  ],
  [
    'an OS without an architecture',
    [['os: rhel-6.2-x86_64', 'os: rhel-6.2']],
    ['40: trees[0].os: not an operating system (written like rhel-6.2-x86_64): "rhel-6.2" — such as rhel-6.2-x86_64'],
  ],
  [
    'two trees of one name',
    [['- name: xenserver', '- name: rhel6']],
    [
      '41: trees[1].name: rhel6 is already the name of trees[0] — remove one, or change it',
      '53: profiles[1].tree: there is no tree called xenserver — known: rhel6',
    ],
  ],
];

const own =
  'api repos repo-files trees boot kickstart answerfile hosts bundles templates healthz metrics assets console favicon.ico'
    .split(' ')
    .map((path): WrongFile => [
      `/${path}/`,
      [['publish: /4.0/', `publish: /${path}/x/`]],
      [`33: repos[0].publish: /${path}/ is the appliance's own — choose another path`],
    ]);

describe('repos and trees', () => expectProblems(contents));
describe("a publish path of the appliance's own", () => expectProblems(own));
