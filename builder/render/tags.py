"""Which words between angle brackets are tags.

All others are text, such as `<pad>` or `list<T>`: HTML would drop them, and an answer with them.
"""

from __future__ import annotations

BLOCKS = (
    "address|article|aside|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    "|dt|fieldset|figcaption|figure|footer|form|h1|h2|h3|h4|h5|h6|head|header|hr|html|legend|li"
    "|main|menu|nav|ol|optgroup|option|p|pre|search|section|summary|table|tbody|td|tfoot|th|thead"
    "|tr|ul"
)
"""Tags that open a block of HTML where they start a line, as a pattern."""

INLINE = (
    "a|abbr|b|bdi|bdo|big|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|marquee|nobr|q|rp|rt|ruby"
    "|s|samp|small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
"""Tags within a line, as a pattern."""

SWALLOWING = (
    "applet|embed|frame|frameset|iframe|math|noembed|noframes|noscript|plaintext|script|style|svg"
    "|textarea|xmp"
)
"""Tags behind which a browser takes the rest for something else than HTML, as a pattern."""

WORDS = (
    "audio|base|button|canvas|data|input|label|link|map|meta|meter|object|output|param|picture"
    "|progress|select|source|template|time|title|track|video"
)
"""Tags that no card can show, and words that people put between angle brackets, as a pattern."""
