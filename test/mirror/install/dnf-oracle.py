# What dnf itself decides: a case per line of standard input as JSON, an answer per line of standard output. It installs nothing.
import json
import logging
import os
import sys
import tempfile

import dnf
import dnf.comps
import dnf.exceptions

logging.disable(logging.CRITICAL)


# dnf keeps these in sets, whose order is another in each process. Here they go by name.
class Ordered(set):
    def update(self, more):
        known = {(one.name, one.requires) for one in self}
        super().update(one for one in more if (one.name, one.requires) not in known)

    def __iter__(self):
        return iter(sorted(super().__iter__(), key=lambda one: (one.name, one.requires or "")))


def open_base(case, work):
    for name in ("root", "cache", "persist", "log"):
        os.makedirs(os.path.join(work, name), exist_ok=True)
    base = dnf.Base()
    conf = base.conf
    conf.installroot = os.path.join(work, "root")
    conf.cachedir = os.path.join(work, "cache")
    conf.persistdir = os.path.join(work, "persist")
    conf.logdir = os.path.join(work, "log")
    conf.substitutions["arch"] = case.get("machine", "x86_64")
    conf.substitutions["basearch"] = case.get("machine", "x86_64")
    conf.substitutions["releasever"] = "9"
    conf.best = "best" in case["options"]
    conf.install_weak_deps = "excludeWeakdeps" not in case["options"]
    conf.multilib_policy = "all" if "multilib" in case["options"] else "best"
    conf.module_platform_id = "platform:f30"
    conf.pluginpath = []
    conf.zchunk = False
    conf.gpgcheck = False
    for repo in case["repos"]:
        base.repos.add_new_repo(
            repo["name"],
            conf,
            baseurl=["file://" + repo["path"]],
            priority=repo.get("priority", 99),
            module_hotfixes=True,
        )
    base.fill_sack(load_system_repo=False)
    base.read_comps(arch_filter=False)
    return base


def decide(case, work):
    base = open_base(case, work)
    try:
        trans = base._comps_trans
        trans._install = Ordered()
        trans._install_opt = Ordered()
        unknown = []
        strict = "ignorebroken" not in case["options"]
        try:
            base.install_specs(case["install"], case["exclude"], strict=strict)
        except dnf.exceptions.MarkingErrors as error:
            unknown = list(error.no_match_pkg_specs) + list(error.no_match_group_specs)
            if error.error_group_specs or error.error_pkg_specs or error.module_depsolv_errors:
                return {"kind": "impossible", "unknown": [], "text": str(error)}
            if "ignoremissing" not in case["options"]:
                return {"kind": "impossible", "unknown": sorted(unknown)}
        try:
            base.resolve()
        except dnf.exceptions.DepsolveError as error:
            return {"kind": "impossible", "unknown": [], "text": str(error)}
        packages = [] if base.transaction is None else [str(one) for one in base.transaction.install_set]
        return {"kind": "installs", "packages": sorted(packages)}
    finally:
        base.close()


for line in sys.stdin:
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as work:
        try:
            answer = decide(json.loads(line), work)
        except dnf.exceptions.Error as error:
            answer = {"kind": "broken", "text": str(error)}
    print(json.dumps(answer), flush=True)
