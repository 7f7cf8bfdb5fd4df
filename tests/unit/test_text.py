import pytest

from spaceport import text


@pytest.mark.parametrize(
    ("said", "kept"), [("as it was: \U0001f6f0", "as it was: \U0001f6f0"), ("a\0b", "a\ufffdb"), ("a\ud800b", "a?b")]
)
def test_words_of_others_are_kept_without_what_the_database_refuses(said, kept):
    assert text.mended(said) == kept
