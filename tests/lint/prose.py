# SPDX-License-Identifier: MIT
"""What lint.py says about the text of a source: comments, words, and C that clang-format takes for C++.

Each function takes the text of a file and returns [(line number, what is wrong)].
"""
import re

# A comment, or what could be taken for the beginning of one.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
CPLUSPLUS = re.compile(r'(?<![\w.])(?:and|bitand|bitor|catch|class|compl|delete|explicit|friend|mutable|namespace|new|'
                       r'not|operator|or|private|protected|public|template|this|throw|try|typename|using|virtual|'
                       r'xor)(?!\w)|(?:\.|->)(?:class|delete|new|operator|template|this|throw|try)(?!\w)')
# `old &MASK` for `old & MASK`, and `} * name;`: read as a reference, and as a product.
REFERENCE = re.compile(r'(?P<word>\w+|[\])]) &(?=[A-Za-z_(])')
PRODUCT = re.compile(r'^\s*\} \* \w', re.MULTILINE)
RULER = re.compile(r'/\* --- \S(?:.*[^\s-])? ---(?: \*/)?')


def comments(text):
    """(line number, text) of each comment in C."""
    return [(text.count('\n', 0, m.start()) + 1, m[0]) for m in TOKEN.finditer(text) if m[0].startswith('/')]


def code(text):
    """The text with blanks for its comments, strings and directives."""
    text = TOKEN.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]), text)
    return re.sub(r'^[ \t]*#[ \t]*(?:include|error|warning|pragma)\b[^\n]*', '', text, flags=re.MULTILINE)


def comment_ends(text):
    """A comment whose text begins behind /* has */ behind its last word, not on a line of its own."""
    wrong = []
    for line, comment in comments(text):
        lines = [part.strip() for part in comment.split('\n')]
        if lines[-1] == '*/' and lines[0] != '/*':
            wrong.append((line + len(lines) - 1, 'a lone */; put it behind the last word of the comment'))
    return wrong


def rulers(text):
    wrong = []
    for line, comment in comments(text):
        first = comment.split('\n')[0]
        if not RULER.fullmatch(first) and (re.match(r'/\* ?---', first) or re.search('-{9}', comment)):
            wrong.append((line, 'a ruler; write /* --- name --- */'))
    return wrong


def cplusplus(text):
    plain = code(text)
    found = [(m.start(), f'"{m[0]}" is a word of C++ and confuses clang-format; choose another name')
             for m in CPLUSPLUS.finditer(plain)]
    found += [(m.start(), f'"{m[0]}": clang-format took an operand for a type; name it otherwise')
              for m in REFERENCE.finditer(plain) if m['word'] not in ('return', 'case')]
    found += [(m.start(), 'clang-format took the declaration for a product; name the struct, declare the pointer apart')
              for m in PRODUCT.finditer(plain)]
    return [(plain.count('\n', 0, at) + 1, what) for at, what in sorted(found)]


def test_names(text):
    """Test functions of cmocka that are not called test_NAME."""
    return [(text.count('\n', 0, m.start()) + 1, f'{m[1]}: a test; call it test_{m[1]}')
            for m in re.finditer(r'^static void (?!test_)(\w+)\(void \*\*\w+\)\n', text, re.MULTILINE)]


def paths(text):
    """Paths in `backticks` of a document: as they are, or below src/ if they name a folder of it. NAME stands for any name."""
    found = []
    for m in re.finditer(r'`((?:[\w.-]+/)+[\w.-]*)`', text):
        if not re.search(r'[A-Z]{2}|^\.|^build', m[1]):
            found.append((text.count('\n', 0, m.start()) + 1, m[1]))
    return found


def word_list(text):
    """{retired word: what to say instead} of a list with lines `word, word: instead`; # begins a comment."""
    words = {}
    for line in text.splitlines():
        line = line.split('#')[0].strip()
        if line:
            names, instead = line.split(':', 1)
            words.update((name.strip(), instead.strip()) for name in names.split(','))
    return words


def retired(text, words):
    """Uses of words of the list, alone or as a part of a name: wish finds head_wish and wish_gen."""
    if not words:
        return []
    pattern = re.compile(r'(?<![A-Za-z])(?:' + '|'.join(sorted(words, key=len, reverse=True)) + r')(?![A-Za-z])',
                         re.IGNORECASE)
    return [(number, f'"{m[0]}"; the word here is {words[m[0].lower()]}')
            for number, line in enumerate(text.splitlines(), 1) for m in pattern.finditer(line)]
