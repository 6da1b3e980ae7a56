"""Split a T-SQL batch into statements and control flow.

Only what decides *which* statement runs is parsed here (IF, WHILE, BEGIN..END, TRY..CATCH, DECLARE, SET, PRINT, EXEC,
USE, ...). A query is kept as its text and goes to the translator whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Optional

from .errors import syntax

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      |(?P<string>[Nn]?'(?:[^']|'')*')
      |(?P<quoted>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
      |(?P<variable>@@?[\w$\#@]+)
      |(?P<number>0x[0-9a-fA-F]*|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
      |(?P<word>[^\W\d][\w$\#@]*|\#\#?[\w$\#@]+)
      |(?P<symbol><>|!=|<=|>=|\+=|-=|[-+*/%=<>(),.;&|^~!:])""",
    re.S | re.X,
)

STARTS = frozenset(
    "SELECT INSERT UPDATE DELETE MERGE EXEC EXECUTE DECLARE SET IF WHILE BEGIN END ELSE PRINT USE ALTER CREATE DROP "
    "BACKUP RESTORE RECONFIGURE RAISERROR THROW RETURN BREAK CONTINUE COMMIT ROLLBACK SAVE KILL DBCC TRUNCATE GRANT "
    "DENY REVOKE WAITFOR CHECKPOINT OPEN FETCH CLOSE DEALLOCATE".split()
)


@dataclass
class Token:
    """One token of the batch."""

    kind: str
    text: str
    start: int
    end: int
    line: int

    @property
    def upper(self):
        return self.text.upper() if self.kind == "word" else self.text


@dataclass
class Statement:
    """A statement that is executed as a whole; ``head`` is its first word."""

    head: str
    text: str
    tokens: list
    line: int


@dataclass
class If:
    condition: str
    then: object
    otherwise: Optional[object]
    line: int


@dataclass
class While:
    condition: str
    body: object
    line: int


@dataclass
class Block:
    body: list
    catch: Optional[list] = None
    line: int = 1


@dataclass
class Declare:
    """``variables``: name, type text, initial expression or None; ``columns`` set for a table variable."""

    variables: list = field(default_factory=list)
    line: int = 1


@dataclass
class Assign:
    name: str
    expression: str
    line: int = 1
    operator: str = "="


def tokenize(text):
    """The tokens of a batch, without white space and comments."""
    tokens, position, line = [], 0, 1
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            if text[position] == "'":
                raise syntax_unclosed(text[position:], line)
            raise syntax(text[position], line)
        kind = match.lastgroup
        if kind != "space":
            tokens.append(Token(kind, match.group(), match.start(), match.end(), line))
        line += match.group().count("\n")
        position = match.end()
    return tokens


def syntax_unclosed(rest, line):
    """105: a string that does not end."""
    from .errors import SqlError

    return SqlError(105, f"Unclosed quotation mark after the character string '{rest[1:40]}'.", class_=15, line=line)


def name_of(token):
    """The name a token spells, without its quotes."""
    text = token.text
    if token.kind == "quoted":
        return text[1:-1].replace("]]", "]") if text[0] == "[" else text[1:-1].replace('""', '"')
    return text


class Parser:
    """Recursive descent over the tokens of one batch."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokenize(text)
        self.i = 0

    def peek(self, ahead=0):
        """The token ``ahead`` of here, or None."""
        j = self.i + ahead
        return self.tokens[j] if j < len(self.tokens) else None

    def word(self, ahead=0):
        """The next word in upper case, or an empty string."""
        token = self.peek(ahead)
        return token.upper if token else ""

    def batch(self):
        """Every statement of the batch."""
        body = self.statements(())
        if self.peek():
            raise syntax(self.peek().text, self.peek().line)
        return body

    def statements(self, until):
        body = []
        while self.peek():
            if self.peek().text == ";":
                self.i += 1
                continue
            if self.word() in until:
                break
            body.append(self.statement())
        return body

    def statement(self):
        while self.peek() and self.peek().text == ";":
            self.i += 1
        token = self.peek()
        if token is None:
            raise syntax(self.tokens[-1].text if self.tokens else "", self.tokens[-1].line if self.tokens else 1)
        head = token.upper
        if head == "BEGIN" and self.word(1) not in ("TRAN", "TRANSACTION", "DISTRIBUTED"):
            return self.block(token)
        if head == "IF":
            self.i += 1
            condition = self.expression()
            then = self.statement()
            mark = self.i
            while self.peek() and self.peek().text == ";":
                self.i += 1
            otherwise = None
            if self.word() == "ELSE":
                self.i += 1
                otherwise = self.statement()
            else:
                self.i = mark
            return If(condition, then, otherwise, token.line)
        if head == "WHILE":
            self.i += 1
            condition = self.expression()
            return While(condition, self.statement(), token.line)
        if head == "DECLARE":
            return self.declare(token)
        if head == "SET" and self.peek(1) and self.peek(1).kind == "variable":
            name = self.peek(1).text
            operator = self.peek(2).text if self.peek(2) else ""
            if operator not in ("=", "+=", "-="):
                raise syntax(operator or name, token.line)
            self.i += 3
            return Assign(name.lower(), self.expression(), token.line, operator)
        if head in ("END", "ELSE") or (token.kind in ("symbol", "number", "string", "variable")):
            raise syntax(token.text, token.line)
        return self.leaf(token, head)

    def block(self, token):
        self.i += 1
        trying = self.word() == "TRY"
        if trying:
            self.i += 1
        body = self.statements(("END",))
        if self.word() != "END":
            raise syntax(self.tokens[-1].text, self.tokens[-1].line)
        self.i += 1
        if not trying:
            return Block(body, None, token.line)
        if self.word() != "TRY":
            raise syntax(self.word(), token.line)
        self.i += 1
        while self.peek() and self.peek().text == ";":
            self.i += 1
        if (self.word(), self.word(1)) != ("BEGIN", "CATCH"):
            raise syntax(self.word(), token.line)
        self.i += 2
        catch = self.statements(("END",))
        if (self.word(), self.word(1)) != ("END", "CATCH"):
            raise syntax(self.word(), token.line)
        self.i += 2
        return Block(body, catch, token.line)

    def declare(self, token):
        self.i += 1
        variables = []
        while True:
            name = self.peek()
            if name is None or name.kind != "variable":
                if name is not None and self.word(1) in ("CURSOR", "INSENSITIVE", "SCROLL"):
                    raise syntax("CURSOR", token.line)
                raise syntax(name.text if name else "DECLARE", token.line)
            self.i += 1
            if self.word() == "AS":
                self.i += 1
            start, depth = self.peek(), 0
            while self.peek():
                text = self.peek().text
                if depth == 0 and (text in (",", "=", ";") or (self.word() in STARTS and self.peek() is not start)):
                    break
                depth += text == "("
                depth -= text == ")"
                self.i += 1
            if start is None or self.tokens[self.i - 1] is name:
                raise syntax(name.text, token.line)
            type_text = self.text[start.start : self.tokens[self.i - 1].end]
            initial = None
            if self.peek() and self.peek().text == "=":
                self.i += 1
                initial = self.expression(stop=(",",))
            variables.append((name.text.lower(), type_text, initial))
            if self.peek() and self.peek().text == ",":
                self.i += 1
                continue
            return Declare(variables, token.line)

    def expression(self, stop=()):
        """The text up to the next statement, or to one of ``stop`` outside parentheses."""
        start, depth, cases = self.i, 0, 0
        while self.peek():
            token = self.peek()
            word = token.upper
            if depth == 0 and cases == 0 and (token.text == ";" or token.text in stop or word in STARTS):
                break
            depth += token.text == "("
            depth -= token.text == ")"
            cases += word == "CASE"
            cases -= word == "END"
            self.i += 1
        if start == self.i:
            at = self.peek() or self.tokens[-1]
            raise syntax(at.text, at.line)
        return self.text[self.tokens[start].start : self.tokens[self.i - 1].end]

    def leaf(self, token, head):
        start, depth, cases = self.i, 0, 0
        taken = {
            "WITH": {"SELECT": 1, "INSERT": 1, "UPDATE": 1, "DELETE": 1, "SET": 1},
            "INSERT": {"SELECT": 1, "EXEC": 1, "EXECUTE": 1},
            "UPDATE": {"SET": 1},
            "ALTER": {"SET": 9, "ROLLBACK": 1, "ALTER": 1, "DROP": 9},
            "GRANT": dict.fromkeys(STARTS, 9),
            "DENY": dict.fromkeys(STARTS, 9),
            "REVOKE": dict.fromkeys(STARTS, 9),
            "CREATE": {"SELECT": 1, "EXECUTE": 1},
        }.get(head, {})
        if head == "ALTER" and self.word(1) == "DATABASE":
            taken = {"SET": 1, "ROLLBACK": 1}
        procedure = head == "CREATE" and self.word(1) in ("PROCEDURE", "PROC", "FUNCTION", "TRIGGER")
        self.i += 1
        while self.peek():
            current, word = self.peek(), self.peek().upper
            if procedure or (head == "MERGE" and current.text != ";"):
                self.i += 1
                continue
            if current.text == ";" and depth == 0:
                break
            if head == "INSERT" and depth == 0 and word == "VALUES":
                taken = {}
            if depth == 0 and cases == 0 and word in STARTS:
                before = self.tokens[self.i - 1].upper
                joined = word == "SELECT" and before in ("UNION", "ALL", "EXCEPT", "INTERSECT")
                if not joined:
                    if taken.get(word, 0) <= 0:
                        break
                    taken = {**taken, word: taken[word] - 1}
                    if head in ("INSERT", "WITH") and word == "INSERT":
                        taken["SELECT"] = 1
            depth += current.text == "("
            depth -= current.text == ")"
            if depth < 0:
                raise syntax(")", current.line)
            cases += word == "CASE"
            cases -= word == "END"
            self.i += 1
        if depth > 0:
            raise syntax(self.tokens[self.i - 1].text, token.line)
        tokens = self.tokens[start : self.i]
        return Statement(head, self.text[token.start : tokens[-1].end], tokens, token.line)


def parse(text):
    """The statements of a batch; ``GO`` on its own line separates batches and is dropped."""
    text = re.sub(r"(?im)^[ \t]*GO[ \t]*(\d+)?[ \t]*\r?$", ";", text)
    return Parser(text).batch()
