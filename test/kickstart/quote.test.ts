// quote.ts: tables of what becomes of a value, and properties proven with the real reader of each language.

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import {
  confValue,
  heredoc,
  iniValue,
  kernelArgument,
  kickstartValue,
  shellWord,
  urlQueryValue,
  xmlAttribute,
  xmlText,
} from '../../kickstart/quote.ts';
import { Malformed } from '../../server/malformed.ts';

const hostileCharacter = fc.constantFrom(...`'"\\$\`%#;&|<>(){}*?!~ \t\n\r=-abcZ09é世`.split(''));
const hostile = fc.oneof(
  fc.string({ unit: hostileCharacter }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('%end\n', 'a\n%end\n%post\n', 'KICKSTAND_END\n', 'KICKSTAND_END\nKICKSTAND_END_2\n', '-n', '$(id)\n'),
);
const withoutNul = hostile.filter((text) => !text.includes('\0'));

function shell(script: string): string {
  const run = spawnSync('/bin/sh', ['-s'], { input: Buffer.from(script) });
  expect(run.stderr.toString()).toBe('');
  return run.stdout.toString('utf8');
}

/** One shell for many texts: each is printed by `print` and followed by a NUL. */
function throughShell(texts: readonly string[], print: (text: string) => string): readonly string[] {
  const script = texts.map((text) => `${print(text)}\nprintf '\\0'\n`).join('');
  return shell(script).split('\0').slice(0, -1);
}

describe('shellWord', () => {
  test.each([
    ['plain', 'plain'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", String.raw`'it'\''s'`],
    ['$(reboot)', "'$(reboot)'"],
    ['a=b', "'a=b'"],
    ['a\n%end', "'a\n''%end'"],
  ])('%j is %s', (text, word) => expect(shellWord(text)).toBe(word));

  test('the shell gives the same text back', () => {
    fc.assert(
      fc.property(fc.array(withoutNul, { minLength: 20, maxLength: 60 }), (texts) => {
        expect(throughShell(texts, (text) => `printf %s ${shellWord(text)}`)).toEqual(texts);
      }),
      { numRuns: 20 },
    );
  });

  test('no line starts with a per cent sign', () => {
    fc.assert(fc.property(withoutNul, (text) => !/^%/m.test(`x${shellWord(text).slice(1)}`)));
  });

  test('NUL is refused', () => expect(() => shellWord('a\0b')).toThrow(Malformed));
});

describe('heredoc', () => {
  test.each([
    ['one line', 'a\n', "cat <<'KICKSTAND_END'\na\nKICKSTAND_END\n"],
    ['its own delimiter', 'KICKSTAND_END\n', "cat <<'KICKSTAND_END_2'\nKICKSTAND_END\nKICKSTAND_END_2\n"],
    ['no newline at the end', 'a', 'printf %s a\n'],
    ['a line that would end the section', '%end\n', "printf %s '%end\n'\n"],
    ['nothing', '', "printf ''\n"],
  ])('%s', (_, text, command) => expect(heredoc(text)).toBe(command));

  test('a redirection follows the command', () => {
    expect(heredoc('a\n', '> /etc/x')).toBe("cat <<'KICKSTAND_END' > /etc/x\na\nKICKSTAND_END\n");
  });

  test('the shell prints the same text', () => {
    fc.assert(
      fc.property(fc.array(withoutNul, { minLength: 20, maxLength: 60 }), (texts) => {
        expect(throughShell(texts, (text) => heredoc(text))).toEqual(texts);
      }),
      { numRuns: 20 },
    );
  });

  test('no line starts with a per cent sign', () => {
    fc.assert(fc.property(withoutNul, (text) => !/^%/m.test(heredoc(text))));
  });
});

describe('kickstartValue', () => {
  test.each([
    ['Asia/Shanghai', 'Asia/Shanghai'],
    ['$6$salt$hash./', '$6$salt$hash./'],
    ['', "''"],
    ['a b', "'a b'"],
    ['a#b', "'a#b'"],
    ["it's", `'it'"'"'s'`],
    ['say "no"', `'say "no"'`],
  ])('%j is %s', (text, value) => expect(kickstartValue(text)).toBe(value));

  test.each([['a\nb'], ['-a'], ['a\\b'], ['a\u2028b'], ['a\0b']])('%j is refused', (text) =>
    expect(() => kickstartValue(text)).toThrow(Malformed),
  );

  test('shlex and the shell read the same words', () => {
    const value = hostile.filter((text) => !/[\\\u0000-\u001f\u007f-\u009f\u2028\u2029]|^-/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        expect(splitLikeShlex(`x ${kickstartValue(text)} y`)).toEqual(['x', text, 'y']);
      }),
    );
  });
});

describe('XML', () => {
  test.each([
    ['a & b', 'a &amp; b'],
    ['</installation>', '&lt;/installation&gt;'],
    [']]>', ']]&gt;'],
  ])('%j as text is %s', (text, escaped) => expect(xmlText(text)).toBe(escaped));

  test.each([
    ['a"b', 'a&quot;b'],
    ['a\nb', 'a&#10;b'],
  ])('%j as an attribute is %s', (text, escaped) => expect(xmlAttribute(text)).toBe(escaped));

  test('characters outside XML are refused', () => expect(() => xmlText('a\u0001')).toThrow(Malformed));

  test('a parser reads the same text and attribute', () => {
    const valid = hostile.filter((text) => !/[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]/.test(text));
    fc.assert(
      fc.property(valid, valid, (text, attribute) => {
        expect(readXml(`<a b="${xmlAttribute(attribute)}">${xmlText(text)}</a>`)).toEqual({ text, attribute });
      }),
    );
  });
});

describe('lines of configuration files', () => {
  test.each([['192.168.168.1'], ['two words'], ['a#b'], ["it's"]])('%j stays as it is', (text) => {
    expect(confValue(text)).toBe(text);
    expect(iniValue(text)).toBe(text);
  });

  test.each([['a\nb'], ['a\rb'], [' a'], ['a '], ['#a'], ['a ;b'], ['a\u0085b'], ['a\u2028b'], ['a\0']])(
    '%j is refused',
    (text) => {
      expect(() => confValue(text)).toThrow(Malformed);
      expect(() => iniValue(text)).toThrow(Malformed);
    },
  );

  test('an empty value is one for an INI file alone', () => {
    expect(iniValue('')).toBe('');
    expect(() => confValue('')).toThrow(Malformed);
  });
});

describe('kernelArgument', () => {
  test('a URL with a query stays as it is', () => {
    const text = 'ks=http://192.168.168.26:8080/kickstart/cs40?token=00ff&x=%20';
    expect(kernelArgument(text)).toBe(text);
  });

  test.each([[''], ['a b'], ['a"b'], ["a'b"], ['a\\b'], ['a\nb'], ['é'], ['a`b']])('%j is refused', (text) =>
    expect(() => kernelArgument(text)).toThrow(Malformed),
  );
});

describe('urlQueryValue', () => {
  test.each([
    ['a b&c=d', 'a%20b%26c%3Dd'],
    ["it's (ok)!*", 'it%27s%20%28ok%29%21%2A'],
    ['@TOKEN@', '%40TOKEN%40'],
  ])('%j is %s', (text, value) => expect(urlQueryValue(text)).toBe(value));

  test('a URL parser gives the same text back, and a kernel line takes it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const url = `http://h/x?v=${urlQueryValue(text)}`;
        expect(new URL(url).searchParams.get('v')).toBe(text);
        expect(kernelArgument(url)).toBe(url);
      }),
    );
  });

  test('half a character is refused', () => expect(() => urlQueryValue('\ud800')).toThrow(Malformed));
});

/** Python's shlex.split in POSIX mode, as its documentation describes it, for values without backslashes. */
function splitLikeShlex(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const character of line) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#') break;
    else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}

function readXml(document: string): { text: string; attribute: string } {
  const read = { text: '', attribute: '' };
  const parser = new SaxesParser();
  parser.on('text', (text) => {
    read.text += text;
  });
  parser.on('opentag', (tag) => {
    read.attribute = String(tag.attributes['b']);
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(document).close();
  return read;
}
