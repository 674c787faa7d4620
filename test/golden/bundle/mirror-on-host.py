# Copies this server's RPM repositories from the appliance that installed it, to be served by Apache here. By Kickstand.
# Run again, it fetches only what is missing or damaged.
import bz2
import gzip
import hashlib
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

try:
    from urllib.error import HTTPError
    from urllib.parse import quote, unquote
    from urllib.request import urlopen
except ImportError:
    from urllib import quote, unquote
    from urllib2 import HTTPError, urlopen

# Where each lies, and the path it is served at.
REPOS = [
    ("http://192.168.168.26/repos/cloudstack@20261122T030000Z-1a2b3c4d/", "/4.0/"),
]
ROOT = os.environ.get('KICKSTAND_MIRROR_ROOT', '/var/www/html')
TRIES = 3
BLOCK = 1 << 20
REPOMD = 'repodata/repomd.xml'


class Bad(Exception):
    pass


def local_name(element):
    return element.tag.split('}')[-1]


def child(element, name):
    for one in element:
        if local_name(one) == name:
            return one
    raise Bad('the metadata has no %s where it must have one' % name)


def safe(href):
    parts = unquote(href).split('/')
    if not href or ':' in parts[0] or any(part in ('', '.', '..') for part in parts) or '\0' in href:
        raise Bad('a path in the metadata leads elsewhere: %r' % href)
    return '/'.join(parts)


def digest(path, kind):
    sum_of = hashlib.new('sha1' if kind == 'sha' else kind)
    with open(path, 'rb') as stream:
        for block in iter(lambda: stream.read(BLOCK), b''):
            sum_of.update(block)
    return sum_of.hexdigest()


def is_right(path, wanted):
    if not os.path.isfile(path):
        return False
    size, kind, value = wanted
    return (size is None or os.path.getsize(path) == size) and digest(path, kind) == value


def download(url, path):
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    answer = urlopen(url, None, 60)
    with open(path + '.part', 'wb') as stream:
        for block in iter(lambda: answer.read(BLOCK), b''):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(path + '.part', path)


def bring(url, path, wanted):
    for number in range(TRIES):
        try:
            download(url, path)
            if wanted is None or is_right(path, wanted):
                return
            problem = 'what came is not what the metadata says'
        except (EnvironmentError, ValueError) as error:
            if isinstance(error, HTTPError) and error.code in (404, 410):
                raise Bad('there is no %s' % url.split('/')[-1])
            problem = str(error)
        if number + 1 < TRIES:
            time.sleep(number)
    raise Bad('%s: %s' % (url.split('/')[-1], problem))


def unpacked(path):
    if path.endswith('.gz'):
        return gzip.open(path, 'rb')
    if path.endswith('.bz2'):
        return bz2.BZ2File(path)
    for ending, program in (('.xz', 'xz'), ('.zst', 'zstd')):
        if path.endswith(ending):
            return subprocess.Popen([program, '-dc', path], stdout=subprocess.PIPE).stdout
    return open(path, 'rb')


def wanted_of(entry, size):
    checksum = child(entry, 'checksum')
    return (size, checksum.get('type'), (checksum.text or '').strip().lower())


def size_in(element, name):
    text = element.get(name) if element is not None else None
    return int(text) if text is not None and text.isdigit() else None


# What repomd.xml lists: path, and what its bytes must be. One of them lists the packages.
def metadata_of(path):
    listed, primary = [], None
    for data in tree.parse(path).getroot():
        if local_name(data) != 'data':
            continue
        location = child(data, 'location')
        if location.get('{http://www.w3.org/XML/1998/namespace}base'):
            raise Bad('metadata on another server is not copied')
        sizes = [one for one in data if local_name(one) == 'size']
        size = int(sizes[0].text) if sizes else None
        entry = (safe(location.get('href', '')), wanted_of(data, size))
        listed.append(entry)
        if data.get('type') == 'primary':
            primary = entry[0]
    if primary is None:
        raise Bad('repomd.xml lists no packages')
    return listed, primary


def packages_of(path):
    found, root = [], None
    for event, element in tree.iterparse(unpacked(path), ('start', 'end')):
        if root is None:
            root = element
        if event == 'end' and local_name(element) == 'package':
            location = child(element, 'location')
            if location.get('{http://www.w3.org/XML/1998/namespace}base'):
                raise Bad('a package on another server is not copied')
            wanted = wanted_of(element, size_in(child(element, 'size'), 'package'))
            found.append((safe(location.get('href', '')), wanted))
            root.clear()
    return found


def make_room(directory, entries):
    missing = [(path, wanted) for path, wanted in entries if not is_right(os.path.join(directory, path), wanted)]
    needed = sum(wanted[0] or 0 for _, wanted in missing)
    room = os.statvfs(directory)
    if needed > room.f_bavail * room.f_frsize:
        raise Bad('%d MiB are needed and %d are free' % (needed >> 20, (room.f_bavail * room.f_frsize) >> 20))
    return missing


def copy(url, path):
    directory = os.path.join(ROOT, path.strip('/'))
    place = os.path.join(directory, REPOMD)
    bring(url + REPOMD, place + '.new', None)
    listed, primary = metadata_of(place + '.new')
    for href, wanted in make_room(directory, listed):
        bring(url + quote(href), os.path.join(directory, href), wanted)
    packages = packages_of(os.path.join(directory, primary))
    for href, wanted in make_room(directory, packages):
        bring(url + quote(href), os.path.join(directory, href), wanted)
    for name in ('.asc', '.key'):
        try:
            bring(url + REPOMD + name, place + name, None)
        except Bad:
            pass
    os.rename(place + '.new', place)
    for kept in os.walk(directory):
        os.chmod(kept[0], 0o755)
        for name in kept[2]:
            os.chmod(os.path.join(kept[0], name), 0o644)
    print('%s: %d packages in %s, each as the metadata says' % (url, len(packages), directory))


def main():
    for url, path in REPOS:
        try:
            copy(url, path)
        except (Bad, EnvironmentError, ValueError, SyntaxError, EOFError) as problem:
            print('%s: %s' % (url, problem))
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
