# The installer's part for packages: repositories from the tree's .treeinfo and the kickstart, %packages, and the real dnf.

mkdir -p $root/{dev,proc,sys,etc}
for directory in dev proc sys; do mount -o bind "/$directory" "$root/$directory"; done

ini() { # SECTION KEY: a value of the tree's .treeinfo; nothing where there is none
  sed -n "/^\[$1\]/,/^\[/s|^$2 *= *||p" /tmp/treeinfo | head -n 1
}
curl -fsS -o /tmp/treeinfo "$tree/.treeinfo" -A 'Red Hat Enterprise Linux (anaconda)/lab' || fail "cannot fetch $tree/.treeinfo"
version=$(ini general version)

# Up to RHEL 7 the tree is one repository. Since then each variant has its own, and its place is told relative to the tree.
repos=()
taken=' '
repository() { # NAME URL: once for each place, whatever its name
  local url=${2%/}
  [[ $taken != *" $url "* ]] || return 0
  taken+="$url "
  repos+=(--repofrompath="$1,$url" --repo="$1")
}
if [[ $(ini header type) == productmd.treeinfo ]]; then
  for variant in $(ini tree variants | tr ',' ' '); do
    place=$(ini "variant-$variant" repository)
    [[ -z $place ]] || repository "$variant" "$tree/${place#./}"
  done
  [[ ${#repos[@]} -gt 0 ]] || fail ".treeinfo names no repository"
else
  repository anaconda "$tree"
fi
while read -r line; do
  name=$(option name "$line") && url=$(option baseurl "$line") || continue
  repository "$name" "$url"
done < <(lines repo)

wanted=(@core) excluded=()
for packages in "$sections"/*-packages; do
  while read -r item _; do
    case $item in
      '' | '#'* | @core) ;;
      @^*) wanted+=("@${item#@^}") ;; # dnf knows environments by their names alone
      -*) excluded+=(--exclude="${item#-}") ;;
      *) wanted+=("$item") ;;
    esac
  done <"$packages"
done
say "installing ${wanted[*]} from ${repos[*]}"
dnf -y --installroot=$root --releasever="${version%%.*}" --nogpgcheck --disableplugin='*' --setopt=reposdir=/tmp/none --setopt=varsdir=/tmp/none \
  --setopt=install_weak_deps=0 --setopt=cachedir=/tmp/dnf --setopt=logdir=/tmp --setopt=max_parallel_downloads=3 --setopt=retries=1 \
  "${repos[@]}" "${excluded[@]}" install "${wanted[@]}" >/tmp/dnf.out 2>&1 || { tail -n 30 /tmp/dnf.out; fail "dnf"; }
grep -iE 'warning|error|failed' /tmp/dnf.out
say "installed $(rpm --root $root -qa | wc -l) packages"
