"""Refs, all refused as `ref_invalid`, and folders, all refused as `folder_invalid` with words of the reason."""

REFS = [
    # Options of git, and more than one argument.
    "-x", "--upload-pack=evil", "--output=/etc/cron.d/x", "-c core.sshCommand=evil", "--", "-", "a b", "main --all",
    # Revision syntax that is no name.
    "a..b", "a~1", "a^", "a^{}", "HEAD^{/x}", "a:b", ":a", ":/message", "@", "@{1}", "a@{1}", "@{-1}",
    "main@{upstream}", "main:refs/heads/x", "+main:main",
    # Patterns.
    "a?", "a*", "refs/heads/*", "a[b",
    # Paths out of refs/, and what git keeps for itself.
    "../a", "refs/heads/../../config", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a\\b", "..",
    # Characters that no terminal, log or header should get.
    "", "a\nb", "a\r\nb", "a\tb", "a\x00b", "a\x1b[31mb", "a\x7fb", "a\x9bb", "a\u2028b", "a\u202eb", "a\u200bb",
    "a\ufeffb", "a\udcffb",
    # Longer than a file name can be.
    "x" * 256,
]  # fmt: skip

FOLDERS = [
    ("/etc", "absolute"),
    ("//x", "absolute"),
    ("..", "contains .."),
    ("a/../../b", "contains .."),
    ("a/..", "contains .."),
    ("a\\b", "backslash"),
    ("\\\\server\\share", "backslash"),
    ("C:/Windows", "drive letter"),
    ("c:x", "drive letter"),
    ("a\x00b", "control"),
    ("a\nb", "control"),
    ("a\x1b[2Jb", "control"),
    ("a\u2028b", "control"),
    ("\udcff", "UTF-8"),
    (".git", ".git"),
    ("a/.GIT/hooks", ".git"),
    ("a/.git./hooks", ".git"),
    ("a/.git /hooks", ".git"),
    ("GIT~1", ".git"),
    (".g\u200cit", ".git"),
    (".git::$INDEX_ALLOCATION", "contains a $"),
    ("a/.git:x", ".git"),
    ("-x", "begins with -"),
    ("--upload-pack=evil", "begins with -"),
    ("$HOME", "contains a $"),
    ("${{ secrets.TOKEN }}", "contains a $"),
    ("/".join("a" * 33), "deep"),
    ("a" * 256, "longer than 255"),
    ("/".join(["a" * 200] * 6), "longer than 1024"),
]
