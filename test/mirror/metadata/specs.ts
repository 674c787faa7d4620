// Packages with everything that metadata tells of a package, built by the real rpmbuild: every kind of dependency, file and text.

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../support/lab-run.ts';

const RICH = `
Name: rich
Epoch: 3
Version: 1.0~rc1
Release: 1^git2
Summary: Ümläut "quoted" <&> summary
License: GPL & "BSD" <x>
Vendor: Ven'dor
Group: Some/Group
URL: http://x/?a=1&b=2
Packager: Jöe <joe@x>
AutoReqProv: no
Requires: /bin/sh
Requires: /usr/bin/own
Requires: /usr/share/own-but-not-primary
Requires: self = 5
Provides: self = 5
Requires: dup
Requires: dup
Requires: dup = 1
Requires: dup = 2
Requires(pre): dup = 1
Requires: libc.so.6
Requires: libc.so.6()(64bit)
Requires: libc.so.6(GLIBC_2.14)(64bit)
Requires: libc.so.6(GLIBC_2.4)(64bit)
Requires: zz
Requires(post): coreutils >= 1:2.3-4
Requires: (a if b)
Recommends: rec > 1
Suggests: sug < 2
Supplements: sup
Enhances: enh = 3:4
Conflicts: con <= 9-1
Obsoletes: obs < 4
%description
Some text,
  on  lines	with a tab & <marks>.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/dir %{buildroot}/var/log %{buildroot}/usr/lib %{buildroot}/usr/share
for path in /usr/bin/own "/etc/dir/a b&c<d>" /var/log/ghost /usr/lib/sendmail /usr/share/own-but-not-primary; do
  echo a > "%{buildroot}$path"
done
ln -s own %{buildroot}/usr/bin/link
%post
true
%files
/usr/bin/own
/usr/bin/link
%dir /etc/dir
%ghost /var/log/ghost
%config "/etc/dir/a b&c<d>"
/usr/lib/sendmail
/usr/share/own-but-not-primary
%changelog
* Tue Jan 05 2021 A B <a@b>    - 1-1
- x <&> "q"
- y
* Tue Jan 05 2021 A B <a@b> - 1-0
- z
* Tue Jan 05 2021 A B <a@b> - 1-0
- z
${Array.from({ length: 12 }, (_, at) => `* Mon Jan 04 2021 C D <c@d> - 0-${at}\n- number ${at}`).join('\n')}
`;

const BARE = ['Name: bare', 'Version: 1', 'Release: 1', 'Summary: s', 'License: l', '%description', '%files', ''].join(
  '\n',
);

/** The rich one once more, in Latin-1, which rpm and createrepo_c of today still meet in old repositories. */
const LATIN: Buffer = Buffer.concat([
  Buffer.from(
    RICH.replace('Name: rich', 'Name: latin')
      .replace(/^Summary.*$/m, 'Summary: @@')
      .split('@@')[0] ?? '',
  ),
  Buffer.from([0x4c, 0xe9, 0x80, 0x93, 0xff]),
  Buffer.from(
    RICH.replace('Name: rich', 'Name: latin')
      .replace(/^Summary.*$/m, 'Summary: @@')
      .split('@@')[1] ?? '',
  ),
]);

/** Builds binary and source packages of each spec below `work`; answers the files' paths. */
export async function buildSpecs(work: string): Promise<readonly string[]> {
  const top = join(work, 'top');
  await mkdir(work, { recursive: true });
  for (const [name, text] of Object.entries({ rich: RICH, bare: BARE, latin: LATIN })) {
    const spec = join(work, `${name}.spec`);
    await writeFile(spec, text);
    const defines = Object.entries({
      ...{ _topdir: top, _binary_payload: 'w1.gzdio', _source_payload: 'w1.gzdio', __os_install_post: '%{nil}' },
      ...{ debug_package: '%{nil}', _build_id_links: 'none', _invalid_encoding_terminates_build: '0' },
      _dbpath: join(work, 'db'),
    }).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
    await run(['rpmbuild', '-ba', '--quiet', '--nodeps', '--target', 'x86_64', ...defines, spec], {
      env: { HOME: work },
    });
  }
  const names = await readdir(top, { recursive: true });
  return names.filter((name) => name.endsWith('.rpm')).map((name) => join(top, name));
}
